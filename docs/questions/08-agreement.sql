/* Do two explainers say the same of a feature? */
SELECT explainer_short, other_short, features, round(consistency, 2) AS mean_similarity
FROM analysis.explainer_consistency
ORDER BY explainer_short, other_short
