-- version: 2
-- description: Every figure of the features by its name: what analysis.feature_groups
--   groups by. A figure that is null has no row.
-- kind: view
-- key: figure, feature_id, llm_explainer, scorer
-- collected: yes
-- column figure: a method of analysis.scores (of an explainer and a scorer; of intruder and
--   example_embedding of a scorer);
--   semantic_similarity (of an explainer: mean to the others'); match_rate, activation_semantic_sim,
--   activation_max_jaccard, num_aligned_groups, decoder_similarity (the nearest's) of the feature; and a user's own, by
--   <file's name>.<column>
-- column feature_id: the feature
-- column llm_explainer: full name of the explainer; null where the figure is the feature's own
-- column scorer: full name of the scorer; null where the figure is none of a scorer
-- column value: the figure
SELECT method AS figure, feature_id, llm_explainer, scorer, score AS value
FROM analysis.scores_long
UNION ALL
SELECT
    'semantic_similarity' AS figure,
    feature_id,
    llm_explainer,
    NULL AS scorer,
    avg(cosine_similarity::DOUBLE) AS value
FROM analysis.explanation_pairs_long
GROUP BY feature_id, llm_explainer
UNION ALL
SELECT 'match_rate' AS figure, feature_id, NULL AS llm_explainer, NULL AS scorer, match_rate AS value
FROM master.ex_act_pattern_matching
UNION ALL
SELECT
    'activation_semantic_sim' AS figure,
    feature_id,
    NULL AS llm_explainer,
    NULL AS scorer,
    activation_semantic_sim AS value
FROM master.ex_act_pattern_matching
WHERE activation_semantic_sim IS NOT NULL
UNION ALL
SELECT
    'activation_max_jaccard' AS figure,
    feature_id,
    NULL AS llm_explainer,
    NULL AS scorer,
    activation_max_jaccard AS value
FROM master.ex_act_pattern_matching
WHERE activation_max_jaccard IS NOT NULL
UNION ALL
SELECT
    'num_aligned_groups' AS figure,
    feature_id,
    NULL AS llm_explainer,
    NULL AS scorer,
    num_aligned_groups AS value
FROM master.explanation_alignment
UNION ALL
SELECT
    'decoder_similarity' AS figure,
    n.feature_id,
    NULL AS llm_explainer,
    NULL AS scorer,
    n.cosine_similarity AS value
FROM analysis.decoder_neighbours n
SEMI JOIN master.explanation_alignment e ON e.feature_id = n.feature_id
WHERE n.rank = 1
UNION ALL
SELECT name AS figure, feature_id, llm_explainer, scorer, figure AS value
FROM staging.figure_values
WHERE status = 'kept' AND figure IS NOT NULL
