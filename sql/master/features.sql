-- version: 3
-- description: One row per (feature, explainer): explanation, decoder neighbours, similarity to the
--   other explainers' explanations, scores.
-- key: feature_id, llm_explainer
-- order: feature_id, (SELECT x.explainer_order FROM staging.explainers x WHERE x.explainer = llm_explainer)
-- column feature_id Int64: the feature
-- column sae_id Categorical: the SAE
-- column explanation_method Categorical: how examples were chosen for the explainer (a setting)
-- column llm_explainer Categorical: full name of the explainer
-- column explanation_text Utf8: the explanation
-- column decoder_similarity List(Struct(feature_id UInt32, cosine_similarity Float32)): nearest decoder
--   rows, descending
-- column semantic_similarity List(Struct(explainer Categorical, cosine_similarity Float32)): the other
--   explainers of the feature, in order
-- column scores List(Struct(scorer Utf8, fuzz Float64, simulation Float64, detection Float64, embedding Float64)):
--   one per scorer that scored it by any method, in order
-- column decoder_similarity_merge_threshold Float64: 1 - the distance at which the feature first joins
--   others in the tree of decoder rows; null where there is no tree
WITH neighbours AS (
    SELECT
        feature_id,
        list({'feature_id': neighbour_id, 'cosine_similarity': cosine_similarity} ORDER BY rank) AS decoder_similarity
    FROM analysis.decoder_neighbours
    GROUP BY feature_id
),

others AS (
    SELECT
        feature_id,
        explainer_order,
        list(
            {'explainer': other_explainer, 'cosine_similarity': similarity} ORDER BY other_order
        ) AS semantic_similarity
    FROM analysis.explanation_similarity s
    JOIN staging.default_model m ON m.model = s.model
    GROUP BY feature_id, explainer_order
),

by_source AS (
    SELECT
        a.feature_id,
        s.explainer_short,
        o.scorer_order,
        o.scorer,
        max(a.score) FILTER (a.method = 'fuzz') AS fuzz,
        max(a.score) FILTER (a.method = 'simulation') AS simulation,
        max(a.score) FILTER (a.method = 'detection') AS detection,
        max(a.score) FILTER (a.method = 'embedding') AS embedding
    FROM analysis.scores a
    JOIN staging.sources s ON s.source = a.source
    JOIN staging.scorers o ON o.scorer_short = s.scorer_short
    GROUP BY a.feature_id, s.explainer_short, o.scorer_order, o.scorer
),

scores AS (
    SELECT
        feature_id,
        explainer_short,
        list(
            {'scorer': scorer, 'fuzz': fuzz, 'simulation': simulation, 'detection': detection, 'embedding': embedding}
            ORDER BY scorer_order
        ) AS scores
    FROM by_source
    GROUP BY feature_id, explainer_short
)

SELECT
    e.feature_id,
    sae.sae_id,
    $explanation_method AS explanation_method,
    e.explainer AS llm_explainer,
    e.text AS explanation_text,
    coalesce(n.decoder_similarity, []) AS decoder_similarity,
    coalesce(o.semantic_similarity, []) AS semantic_similarity,
    coalesce(s.scores, []) AS scores,
    1 - t.first_merge_distance::DOUBLE AS decoder_similarity_merge_threshold
FROM analysis.explanations e
CROSS JOIN staging.sae sae
JOIN staging.explainers x ON x.explainer_order = e.explainer_order
LEFT JOIN analysis.merge_distances t ON t.feature_id = e.feature_id
LEFT JOIN neighbours n ON n.feature_id = e.feature_id
LEFT JOIN others o ON o.feature_id = e.feature_id AND o.explainer_order = e.explainer_order
LEFT JOIN scores s ON s.feature_id = e.feature_id AND s.explainer_short = x.explainer_short
ORDER BY e.feature_id, e.explainer_order
