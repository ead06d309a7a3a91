-- version: 2
-- description: Match rates of the features for which phrases were tried: share of each pattern type's
--   features per bin of 0.1, with the mean and its 95 % t interval.
WITH tried AS (
    SELECT pattern_type, match_rate
    FROM master.ex_act_pattern_matching
    WHERE num_matches + num_mismatches > 0
),

types AS (
    SELECT
        pattern_type,
        count(*) AS features,
        avg(match_rate) AS mean,
        mean_margin(stddev_samp(match_rate), count(*)) AS margin
    FROM tried
    GROUP BY pattern_type
)

SELECT
    t.pattern_type,
    least(floor(t.match_rate * 10 + 1e-6)::INTEGER, 9) / 10 AS match_rate,
    count(*) AS features,
    count(*) / any_value(y.features) AS share,
    any_value(y.features) AS of_features,
    any_value(y.mean) AS mean,
    any_value(y.mean - y.margin) AS mean_low,
    any_value(y.mean + y.margin) AS mean_high
FROM tried t
JOIN types y ON y.pattern_type = t.pattern_type
GROUP BY t.pattern_type, least(floor(t.match_rate * 10 + 1e-6)::INTEGER, 9)
ORDER BY t.pattern_type, match_rate
