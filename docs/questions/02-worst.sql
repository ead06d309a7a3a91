/* Which are explained worst, though they fire on something regular? */
SELECT
    m.feature_id,
    m.pattern_type,
    round(m.match_rate, 3) AS match_rate,
    round(avg(s.score), 3) AS mean_fuzz,
    m.num_mismatches
FROM master.ex_act_pattern_matching m
JOIN analysis.scores_long s ON s.feature_id = m.feature_id AND s.method = 'fuzz'
WHERE m.pattern_type <> 'none'
GROUP BY ALL
ORDER BY match_rate, mean_fuzz, feature_id
LIMIT 5
