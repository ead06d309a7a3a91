-- version: 3
-- description: What another embedding model changes: per pair of models and measure the rank
--   correlation and the mean difference, and how many pattern types differ.
-- key: model, other_model, measure
-- collected: yes
-- column model: the embedding model, as named in the settings
-- column other_model: the model it is compared with
-- column measure: explanation_similarity (each pair of explainers of a feature),
--   activation_similarity (mean_pairwise_similarity), aligned_groups (number per feature),
--   pattern_type
-- column compared: values that both models have
-- column rank_correlation: Spearman's, ties at their mean rank; null where either model has one value only
-- column mean_difference: other model minus model
-- column mean_difference_low: lower end of its 95 % t interval, in which each feature is one unit with
--   all its values (cluster-robust standard error); null for one feature
-- column mean_difference_high: upper end
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
    SELECT
        model,
        'activation_similarity' AS measure,
        feature_id,
        0 AS item,
        mean_similarity::DOUBLE AS value,
        NULL AS label
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
        a.feature_id,
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
),

means AS (
    SELECT
        model,
        other_model,
        measure,
        count(*) AS compared,
        count(DISTINCT feature_id) AS features,
        CASE
            WHEN measure <> 'pattern_type' AND min(place) < max(place) AND min(other_place) < max(other_place)
                THEN corr(place, other_place)
        END AS rank_correlation,
        avg(other_value - value) AS mean_difference,
        CASE WHEN measure = 'pattern_type' THEN count(*) FILTER (label <> other_label) END AS changed
    FROM ranked
    GROUP BY model, other_model, measure
),

-- What each feature's values are above or below the mean, all together.
residuals AS (
    SELECT
        r.model,
        r.other_model,
        r.measure,
        r.feature_id,
        sum(r.other_value - r.value - m.mean_difference) AS residual
    FROM ranked r
    JOIN means m ON m.model = r.model AND m.other_model = r.other_model AND m.measure = r.measure
    GROUP BY r.model, r.other_model, r.measure, r.feature_id
),

margins AS (
    SELECT
        r.model,
        r.other_model,
        r.measure,
        t_quantile(any_value(m.features) - 1) * sqrt(
            sum(r.residual ^ 2) * any_value(m.features) / nullif(any_value(m.features) - 1, 0)
        ) / any_value(m.compared) AS margin
    FROM residuals r
    JOIN means m ON m.model = r.model AND m.other_model = r.other_model AND m.measure = r.measure
    GROUP BY r.model, r.other_model, r.measure
)

SELECT
    m.model,
    m.other_model,
    m.measure,
    m.compared,
    m.rank_correlation,
    m.mean_difference,
    m.mean_difference - g.margin AS mean_difference_low,
    m.mean_difference + g.margin AS mean_difference_high,
    m.changed
FROM means m
JOIN margins g ON g.model = m.model AND g.other_model = m.other_model AND g.measure = m.measure
