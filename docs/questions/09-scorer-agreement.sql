/* Do two scorers judge alike? The RV coefficient: 1 when their scores differ by a rotation and a scale only. */
SELECT explainer_short, scorer_short, other_short, features, methods, round(consistency, 2) AS rv
FROM analysis.scorer_consistency
ORDER BY explainer_short, scorer_short, other_short
