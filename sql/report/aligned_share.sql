-- version: 2
-- description: Which share of each explainer's phrases belongs to an aligned group.
WITH aligned AS (
    SELECT DISTINCT a.feature_id, a.phrase_order
    FROM analysis.aligned_phrases a
    JOIN staging.default_model m ON m.model = a.model
)

SELECT
    e.explainer_short AS explainer,
    count(*) AS phrases,
    count(a.feature_id) AS aligned,
    count(a.feature_id) / nullif(count(*), 0) AS share
FROM analysis.phrases p
JOIN staging.explainers e ON e.explainer_order = p.explainer_order
LEFT JOIN aligned a ON a.feature_id = p.feature_id AND a.phrase_order = p.phrase_order
GROUP BY e.explainer_order, e.explainer_short
ORDER BY e.explainer_order
