-- version: 2
-- description: Area under the ROC curve of the activating against the not activating examples, ties
--   counted half, per (feature, source, method) and pooled per (source, method): of the embedding
--   scorer's similarity, of surprisal's gain, of example_embedding's deltas, and of a judge's
--   probability where it was recorded.
-- key: level, source, method, feature_id
-- column level: feature, or source (pooled over its features; feature_id is null)
-- column source: the source: an explainer-scorer run
-- column method: fuzz, detection, embedding, surprisal or example_embedding
-- column feature_id: the feature; null for a pooled row
-- column area: null if one class is missing
WITH judged AS (
    SELECT
        source,
        method,
        feature_id,
        activating,
        CASE WHEN method IN ('embedding', 'surprisal') THEN value ELSE probability END AS value
    FROM staging.scores
    WHERE method IN ('fuzz', 'detection', 'embedding', 'surprisal') AND outcome <> 'failed'
    UNION ALL
    SELECT source, method, feature_id, true AS activating, value
    FROM staging.scores
    WHERE method = 'example_embedding' AND outcome <> 'failed'
    UNION ALL
    SELECT source, method, feature_id, false AS activating, other_value AS value
    FROM staging.scores
    WHERE method = 'example_embedding' AND outcome <> 'failed'
),

by_feature AS (
    SELECT
        source,
        method,
        feature_id,
        value,
        count(*) FILTER (activating) AS positives,
        count(*) FILTER (NOT activating) AS negatives
    FROM judged
    WHERE value IS NOT NULL AND activating IS NOT NULL
    GROUP BY source, method, feature_id, value
),

leveled AS (
    SELECT 'feature' AS level, source, method, feature_id, value, positives, negatives
    FROM by_feature
    UNION ALL
    SELECT 'source' AS level, source, method, NULL AS feature_id, value, sum(positives)::BIGINT, sum(negatives)::BIGINT
    FROM by_feature
    GROUP BY source, method, value
),

summed AS (
    SELECT *, sum(negatives) OVER (PARTITION BY level, source, method, feature_id ORDER BY value) AS up_to
    FROM leveled
)

-- Each pair of an activating and another example counts 1 if it is in the right order, 1/2 if equal.
SELECT
    level,
    source,
    method,
    feature_id,
    sum(positives * (up_to - negatives / 2)) / nullif(sum(positives) * sum(negatives), 0) AS area
FROM summed
GROUP BY level, source, method, feature_id
