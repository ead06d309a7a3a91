/* On which features do explainers disagree most? */
SELECT
    feature_id,
    round(avg(cosine_similarity), 2) AS mean_similarity,
    round(min(cosine_similarity), 2) AS smallest
FROM analysis.explanation_pairs_long
GROUP BY feature_id
ORDER BY mean_similarity, feature_id
LIMIT 5
