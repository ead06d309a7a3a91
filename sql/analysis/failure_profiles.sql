-- version: 1
-- description: What the clusters of failures are made of: each feature's mean standard scores over its
--   explanations, a missing one counting as 0.
-- key: feature_id
-- column feature_id: the feature
-- column profile: means of the five metrics' standard scores, in order
WITH means AS (
    SELECT
        feature_id,
        metric_order,
        list_avg(list(coalesce(z, 0) ORDER BY explainer_order)) AS mean
    FROM analysis.standard_metrics
    GROUP BY feature_id, metric_order
)

SELECT feature_id, list(mean ORDER BY metric_order) AS profile
FROM means
GROUP BY feature_id
ORDER BY feature_id
