-- version: 2
-- description: Phrases on which several explainers of a feature agree.
-- key: feature_id
-- order: feature_id
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column llm_explainers List(Utf8): the explainers that explain it, in order
-- column num_aligned_groups UInt16: number of groups
-- column aligned_groups List(Struct(aligned_group_id UInt16, similarity_score Float32, phrases
--   List(Struct(explainer_name Utf8, text Utf8, chunk_index UInt16)))):
--   groups in order of opening; similarity_score = mean similarity of the taken phrases to the opener
WITH grouped AS (
    SELECT
        feature_id,
        group_id,
        any_value(group_similarity) AS group_similarity,
        list(
            {'explainer_name': explainer, 'text': text, 'chunk_index': chunk_index} ORDER BY phrase_order
        ) AS phrases
    FROM analysis.aligned_phrases a
    JOIN staging.default_model m ON m.model = a.model
    GROUP BY feature_id, group_id
),

groups AS (
    SELECT
        feature_id,
        count(*) AS num_groups,
        list(
            {'aligned_group_id': group_id, 'similarity_score': group_similarity, 'phrases': phrases}
            ORDER BY group_id
        ) AS aligned_groups
    FROM grouped
    GROUP BY feature_id
),

explained AS (
    SELECT feature_id, list(explainer ORDER BY explainer_order) AS explainers
    FROM analysis.explanations
    GROUP BY feature_id
)

SELECT
    e.feature_id,
    sae.sae_id,
    e.explainers AS llm_explainers,
    coalesce(g.num_groups, 0) AS num_aligned_groups,
    coalesce(g.aligned_groups, []) AS aligned_groups
FROM explained e
CROSS JOIN staging.sae sae
LEFT JOIN groups g ON g.feature_id = e.feature_id
ORDER BY e.feature_id
