-- version: 1
-- description: How alike two explainers' explanations of the same feature are: features per bin of
--   0.05 of the cosine similarity, with the mean and how many texts are the same.
WITH pairs AS (
    SELECT
        a.explainer_order,
        b.explainer_order AS other_order,
        a.explainer_short || ' – ' || b.explainer_short AS pair,
        s.similarity
    FROM analysis.explanation_similarity s
    JOIN staging.embedding_models m ON m.model = s.model AND m.is_default
    JOIN staging.explainers a ON a.explainer_order = s.explainer_order
    JOIN staging.explainers b ON b.explainer_order = s.other_order
    WHERE s.explainer_order < s.other_order
),

means AS (
    SELECT pair, avg(similarity) AS mean
    FROM pairs
    GROUP BY pair
)

SELECT p.pair, least(floor(p.similarity * 20)::INTEGER, 19) / 20 AS similarity, count(*) AS features, any_value(m.mean) AS mean
FROM pairs p
JOIN means m ON m.pair = p.pair
GROUP BY p.pair, p.explainer_order, p.other_order, least(floor(p.similarity * 20)::INTEGER, 19)
ORDER BY p.explainer_order, p.other_order, similarity
