-- version: 1
-- description: What another embedding model changes: per pair of models and measure the rank
--   correlation and the mean difference, and how many pattern types differ.
-- key: model, other_model, measure
-- column model: the embedding model, as named in the settings
-- column other_model: the model it is compared with
-- column measure: explanation_similarity (each pair of explainers of a feature),
--   activation_similarity (mean_pairwise_similarity), aligned_groups (number a feature),
--   pattern_type
-- column compared: values that both models have
-- column rank_correlation: Spearman's, ties at their mean rank
-- column mean_difference: other model minus model
-- column changed: features whose pattern type differs
WITH measured AS (
    SELECT
        model,
        'explanation_similarity' AS measure,
        feature_id,
        explainer_order * 1000 + other_order AS item,
        similarity::DOUBLE AS value,
        NULL AS label
    FROM analysis.explanation_similarity
    WHERE explainer_order < other_order
    UNION ALL
    SELECT model, 'activation_similarity' AS measure, feature_id, 0 AS item, mean_similarity::DOUBLE AS value, NULL AS label
    FROM analysis.activation_similarity
    UNION ALL
    SELECT
        t.model,
        'aligned_groups' AS measure,
        t.feature_id,
        0 AS item,
        count(g.group_id)::DOUBLE AS value,
        NULL AS label
    FROM analysis.pattern_types t
    LEFT JOIN analysis.alignment_groups g ON g.model = t.model AND g.feature_id = t.feature_id
    GROUP BY t.model, t.feature_id
    UNION ALL
    SELECT model, 'pattern_type' AS measure, feature_id, 0 AS item, NULL AS value, pattern_type AS label
    FROM analysis.pattern_types
),

paired AS (
    SELECT
        m.model,
        o.model AS other_model,
        a.measure,
        a.value,
        b.value AS other_value,
        a.label,
        b.label AS other_label
    FROM staging.embedding_models m
    JOIN staging.embedding_models o ON o.model_order > m.model_order
    JOIN measured a ON a.model = m.model
    JOIN measured b
        ON b.model = o.model
        AND b.measure = a.measure
        AND b.feature_id = a.feature_id
        AND b.item = a.item
),

ranked AS (
    SELECT
        *,
        rank() OVER (PARTITION BY model, other_model, measure ORDER BY value NULLS LAST)
        + (count(*) OVER (PARTITION BY model, other_model, measure, value) - 1) / 2 AS place,
        rank() OVER (PARTITION BY model, other_model, measure ORDER BY other_value NULLS LAST)
        + (count(*) OVER (PARTITION BY model, other_model, measure, other_value) - 1) / 2 AS other_place
    FROM paired
    WHERE label IS NOT NULL OR (value IS NOT NULL AND other_value IS NOT NULL)
)

SELECT
    model,
    other_model,
    measure,
    count(*) AS compared,
    CASE WHEN measure <> 'pattern_type' THEN corr(place, other_place) END AS rank_correlation,
    avg(other_value - value) AS mean_difference,
    CASE WHEN measure = 'pattern_type' THEN count(*) FILTER (label <> other_label) END AS changed
FROM ranked
GROUP BY model, other_model, measure
