/* What is said of feature 8? */
SELECT e.explainer_short AS explainer, f.explanation_text
FROM master.features f
JOIN staging.explainers e ON e.explainer = f.llm_explainer
WHERE f.feature_id = 8
ORDER BY e.explainer_order
