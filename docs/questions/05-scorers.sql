/* Which scorer is the most lenient, and which fails most? Failed examples are not wrong ones. */
SELECT
    r.scorer_short AS scorer,
    s.method,
    sum(s.total)::INTEGER AS examples,
    sum(s.failed)::INTEGER AS failed,
    round(avg(s.score), 2) AS mean_score
FROM analysis.scores s
JOIN staging.sources r ON r.source = s.source
WHERE s.method IN ('fuzz', 'detection')
GROUP BY ALL
ORDER BY s.method, r.scorer_short
