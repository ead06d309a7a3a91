-- version: 3
-- description: The score of each feature by each source and method. Not scored is null, never 0.
-- key: feature_id, source, method
-- column feature_id: the feature
-- column source: the source: an explainer-scorer run
-- column method: fuzz, detection, simulation or embedding
-- column score: fuzz, detection: share of correct among the not failed; embedding: area under the ROC
--   curve, ties counted half, null if one class is missing; simulation: the overall group's
--   correlation (distance 0), else the mean of the finite groups
-- column total: examples (simulation: groups)
-- column failed: of them failed
-- column succeeded: of them not failed
-- column variance: simulation: sample variance of the finite group scores, the overall one aside
WITH counted AS (
    SELECT
        source,
        method,
        feature_id,
        count(*) AS total,
        count(*) FILTER (outcome = 'failed') AS failed,
        count(*) FILTER (outcome <> 'failed') AS succeeded,
        count(*) FILTER (outcome = 'correct') AS correct,
        bool_or(coalesce(distance, -1) = 0) AS has_overall,
        arg_min(ev_correlation_score, line) FILTER (distance = 0) AS overall,
        list(ev_correlation_score ORDER BY line) FILTER (ev_correlation_score IS NOT NULL AND distance IS DISTINCT FROM 0) AS groups
    FROM staging.scores
    GROUP BY source, method, feature_id
)

SELECT
    c.feature_id,
    c.source,
    c.method,
    CASE
        WHEN c.method = 'embedding' THEN a.area
        WHEN c.method = 'simulation' THEN CASE WHEN c.has_overall THEN c.overall ELSE list_avg(c.groups) END
        ELSE c.correct / nullif(c.succeeded, 0)
    END AS score,
    c.total,
    c.failed,
    c.succeeded,
    CASE WHEN c.method = 'simulation' THEN list_var_samp(c.groups) END AS variance
FROM counted c
LEFT JOIN analysis.roc_areas a
    ON a.level = 'feature' AND a.source = c.source AND a.method = c.method AND a.feature_id = c.feature_id
