-- version: 3
-- description: Each threshold as it is and as it would be for a false-positive rate of 5 % and 1 %:
--   the share of the null, and of the real values, that it lets through. The intervals hold 95 % of
--   500 resamples of the null's features (percentile bootstrap), each feature with all its values.
--   Where no value passes, or every one, resampling knows no doubt: there Wilson's bound for as many
--   features serves. There is none of one feature.
-- key: threshold, choice
-- column threshold: the setting
-- column choice: now, 5 % or 1 %
-- column value: the threshold, of a calibrated one the smallest of three decimals that keeps the
--   rate; null without a null distribution
-- column null_values: values of the null
-- column null_features: features that they are of
-- column null_mean: their mean
-- column null_mean_low: lower end of its interval
-- column null_mean_high: upper end
-- column null_share: share of them that passes
-- column null_share_low: lower end of its interval
-- column null_share_high: upper end
-- column real_values: real values
-- column real_share: share of them that passes
WITH settings AS (
    SELECT 'patterns.semantic_threshold' AS threshold, $patterns_semantic_threshold::DOUBLE AS now, true AS is_above
    UNION ALL
    SELECT 'patterns.lexical_threshold' AS threshold, $patterns_lexical_threshold::DOUBLE AS now, true AS is_above
    UNION ALL
    SELECT 'alignment.threshold' AS threshold, $alignment_threshold::DOUBLE AS now, false AS is_above
    UNION ALL
    SELECT 'matching.threshold' AS threshold, $matching_threshold::DOUBLE AS now, false AS is_above
),

quantiles AS (
    SELECT threshold, quantile_disc(value::DOUBLE, 0.95) AS at_5, quantile_disc(value::DOUBLE, 0.99) AS at_1
    FROM calibration.statistics
    WHERE is_null
    GROUP BY threshold
),

-- A value equal to the threshold passes where the rule is ≥: the threshold must lie above it.
choices AS (
    SELECT s.threshold, s.is_above, 'now' AS choice, s.now AS value
    FROM settings s
    UNION ALL
    SELECT
        s.threshold,
        s.is_above,
        '5 %' AS choice,
        CASE WHEN q.at_5 IS NOT NULL THEN least(1, floor(q.at_5 * 1000 + 1) / 1000) END AS value
    FROM settings s
    LEFT JOIN quantiles q ON q.threshold = s.threshold
    UNION ALL
    SELECT
        s.threshold,
        s.is_above,
        '1 %' AS choice,
        CASE WHEN q.at_1 IS NOT NULL THEN least(1, floor(q.at_1 * 1000 + 1) / 1000) END AS value
    FROM settings s
    LEFT JOIN quantiles q ON q.threshold = s.threshold
),

passed AS (
    SELECT
        c.threshold,
        c.choice,
        c.value,
        v.is_null,
        v.feature_id,
        v.value AS statistic,
        CASE WHEN c.is_above THEN v.value > c.value::FLOAT ELSE v.value >= c.value::FLOAT END AS passes
    FROM choices c
    LEFT JOIN calibration.statistics v ON v.threshold = c.threshold
),

null_features AS (
    SELECT
        threshold,
        choice,
        feature_id,
        count(*) AS null_values,
        list_sum(list(statistic::DOUBLE ORDER BY statistic)) AS total,
        count(*) FILTER (passes) AS passing
    FROM passed
    WHERE is_null
    GROUP BY threshold, choice, feature_id
),

-- Resample r is the same features for every threshold.
resamples AS (
    SELECT r.replicate, f.feature_id, bootstrap_weight($calibration_seed, r.replicate, f.feature_id) AS weight
    FROM (SELECT DISTINCT feature_id FROM null_features) f
    CROSS JOIN (SELECT unnest(range(500)) AS replicate) r
),

resampled AS (
    SELECT
        f.threshold,
        f.choice,
        sum(f.passing * w.weight) / sum(f.null_values * w.weight) AS share,
        sum((f.total * w.weight)::DECIMAL(38, 9))::DOUBLE / sum(f.null_values * w.weight) AS mean
    FROM null_features f
    JOIN resamples w ON w.feature_id = f.feature_id AND w.weight > 0
    GROUP BY f.threshold, f.choice, w.replicate
),

bounds AS (
    SELECT
        threshold,
        choice,
        quantile_disc(share, 0.025) AS share_low,
        quantile_disc(share, 0.975) AS share_high,
        quantile_disc(mean, 0.025) AS mean_low,
        quantile_disc(mean, 0.975) AS mean_high
    FROM resampled
    GROUP BY threshold, choice
),

summed AS (
    SELECT
        threshold,
        choice,
        value,
        count(statistic) FILTER (is_null) AS null_values,
        count(DISTINCT feature_id) FILTER (is_null) AS null_features,
        list_avg(list(statistic::DOUBLE ORDER BY statistic) FILTER (is_null)) AS null_mean,
        avg(passes::INTEGER) FILTER (is_null) AS null_share,
        count(statistic) FILTER (NOT is_null) AS real_values,
        avg(passes::INTEGER) FILTER (NOT is_null) AS real_share
    FROM passed
    GROUP BY threshold, choice, value
)

SELECT
    s.threshold,
    s.choice,
    s.value,
    s.null_values,
    s.null_features,
    s.null_mean,
    CASE WHEN s.null_features > 1 THEN b.mean_low END AS null_mean_low,
    CASE WHEN s.null_features > 1 THEN b.mean_high END AS null_mean_high,
    s.null_share,
    CASE
        WHEN s.null_features > 1 AND s.null_share = 1 THEN wilson_bound(s.null_features, s.null_features, -1)
        WHEN s.null_features > 1 THEN b.share_low
    END AS null_share_low,
    CASE
        WHEN s.null_features > 1 AND s.null_share = 0 THEN wilson_bound(0, s.null_features, 1)
        WHEN s.null_features > 1 THEN b.share_high
    END AS null_share_high,
    s.real_values,
    s.real_share
FROM summed s
LEFT JOIN bounds b ON b.threshold = s.threshold AND b.choice = s.choice
