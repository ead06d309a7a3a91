-- version: 1
-- description: How much spelling a feature's examples share: features per bin of 0.02 of the largest
--   mean Jaccard similarity over n; a feature above the threshold is lexical.
WITH largest AS (
    SELECT feature_id, max(mean_jaccard) AS jaccard
    FROM analysis.ngram_jaccard
    GROUP BY feature_id
)

SELECT
    least(floor(jaccard * 50)::INTEGER, 49) / 50 AS jaccard,
    count(*) AS features,
    $patterns_lexical_threshold AS threshold
FROM largest
WHERE jaccard IS NOT NULL
GROUP BY least(floor(jaccard * 50)::INTEGER, 49)
ORDER BY jaccard
