-- version: 2
-- description: Each threshold as it is and as it would be for a false-positive rate of 5 % and 1 %:
--   the share of the null, and of the real values, that it lets through.
-- key: threshold, choice
-- column threshold: the setting
-- column choice: now, 5 % or 1 %
-- column value: the threshold, of a calibrated one the smallest of three decimals that keeps the
--   rate; null without a null distribution
-- column null_values: values of the null
-- column null_mean: their mean
-- column null_share: share of them that passes
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
        v.value AS statistic,
        CASE WHEN c.is_above THEN v.value > c.value::FLOAT ELSE v.value >= c.value::FLOAT END AS passes
    FROM choices c
    LEFT JOIN calibration.statistics v ON v.threshold = c.threshold
)

SELECT
    threshold,
    choice,
    value,
    count(statistic) FILTER (is_null) AS null_values,
    list_avg(list(statistic::DOUBLE ORDER BY statistic) FILTER (is_null)) AS null_mean,
    avg(passes::INTEGER) FILTER (is_null) AS null_share,
    count(statistic) FILTER (NOT is_null) AS real_values,
    avg(passes::INTEGER) FILTER (NOT is_null) AS real_share
FROM passed
GROUP BY threshold, choice, value
