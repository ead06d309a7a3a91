/* How many features are there of each pattern type, and how well are they matched? */
SELECT
    pattern_type,
    count(*) AS features,
    round(avg(match_rate), 3) AS mean_match_rate,
    sum(num_matches)::INTEGER AS matches,
    sum(num_mismatches)::INTEGER AS mismatches
FROM master.ex_act_pattern_matching
GROUP BY pattern_type
ORDER BY pattern_type
