-- version: 1
-- description: The explanation of each feature by each explainer.
-- key: feature_id, explainer_order
SELECT e.feature_id, x.explainer_order, x.explainer, e.source, text_key(e.text) AS text_key, e.text
FROM staging.explanations e
JOIN staging.explainers x ON x.source = e.source
ORDER BY e.feature_id, x.explainer_order
