-- version: 2
-- description: How alike a feature's examples are: features per bin of 0.02 of the mean cosine
--   similarity of their windows; a feature above the threshold is semantic.
SELECT
    least(floor(a.mean_similarity * 50)::INTEGER, 49) / 50 AS similarity,
    count(*) AS features,
    $patterns_semantic_threshold AS threshold
FROM analysis.activation_similarity a
JOIN staging.default_model m ON m.model = a.model
WHERE a.mean_similarity IS NOT NULL
GROUP BY least(floor(a.mean_similarity * 50)::INTEGER, 49)
ORDER BY similarity
