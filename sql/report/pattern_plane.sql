-- version: 2
-- description: Both figures that decide a pattern type at once: features per cell of 0.04, with the
--   thresholds.
WITH placed AS (
    SELECT
        least(floor(a.mean_similarity * 25)::INTEGER, 24) AS x,
        least(floor(j.jaccard * 25)::INTEGER, 24) AS y
    FROM analysis.activation_similarity a
    JOIN staging.default_model m ON m.model = a.model
    JOIN (SELECT feature_id, max(mean_jaccard) AS jaccard FROM analysis.ngram_jaccard GROUP BY feature_id) j
        ON j.feature_id = a.feature_id
    WHERE a.mean_similarity IS NOT NULL AND j.jaccard IS NOT NULL
)

SELECT
    x / 25 AS similarity,
    y / 25 AS jaccard,
    count(*) AS features,
    $patterns_semantic_threshold AS semantic_threshold,
    $patterns_lexical_threshold AS lexical_threshold
FROM placed
GROUP BY x, y
ORDER BY x, y
