-- version: 3
-- description: How alike two explainers' explanations of the same feature are: features per bin of
--   0.05 of the cosine similarity, with the mean and its 95 % t interval (a feature has one value).
WITH pairs AS (
    SELECT
        a.explainer_order,
        b.explainer_order AS other_order,
        a.explainer_short || ' – ' || b.explainer_short AS pair,
        s.similarity
    FROM analysis.explanation_similarity s
    JOIN staging.default_model m ON m.model = s.model
    JOIN staging.explainers a ON a.explainer_order = s.explainer_order
    JOIN staging.explainers b ON b.explainer_order = s.other_order
    WHERE s.explainer_order < s.other_order
),

means AS (
    SELECT pair, avg(similarity) AS mean, mean_margin(stddev_samp(similarity), count(*)) AS margin
    FROM pairs
    GROUP BY pair
)

SELECT
    p.pair,
    least(floor(p.similarity * 20)::INTEGER, 19) / 20 AS similarity,
    count(*) AS features,
    any_value(m.mean) AS mean,
    any_value(m.mean - m.margin) AS mean_low,
    any_value(m.mean + m.margin) AS mean_high
FROM pairs p
JOIN means m ON m.pair = p.pair
GROUP BY p.pair, p.explainer_order, p.other_order, least(floor(p.similarity * 20)::INTEGER, 19)
ORDER BY p.explainer_order, p.other_order, similarity
