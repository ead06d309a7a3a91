/* Which features are explained best? */
SELECT
    m.feature_id,
    m.pattern_type,
    round(m.match_rate, 2) AS match_rate,
    round(avg(s.score), 2) AS mean_fuzz
FROM master.ex_act_pattern_matching m
JOIN analysis.scores_long s ON s.feature_id = m.feature_id AND s.method = 'fuzz'
GROUP BY ALL
ORDER BY match_rate DESC, mean_fuzz DESC, feature_id
LIMIT 5
