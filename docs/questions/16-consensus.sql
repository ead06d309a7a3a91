/* What do the explainers agree on about feature 8? */
SELECT p.aligned_group_id AS "group", round(p.group_similarity, 2) AS similarity, e.explainer_short AS explainer, p.text
FROM analysis.phrases_long p
JOIN staging.explainers e ON e.explainer = p.llm_explainer
WHERE p.feature_id = 8 AND p.aligned_group_id IS NOT NULL
ORDER BY p.aligned_group_id, e.explainer_order, p.chunk_index
