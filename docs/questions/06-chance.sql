/* Of which explanations is it not certain that they beat chance? The lower end of Wilson's interval is below a half. */
SELECT
    m.feature_id,
    m.source,
    m.method,
    m.succeeded,
    round(m.accuracy, 3) AS accuracy,
    round(m.accuracy_low, 3) AS low,
    round(m.accuracy_high, 3) AS high
FROM analysis.score_metrics m
WHERE m.level = 'feature' AND m.accuracy_low < 0.5
ORDER BY m.accuracy, m.feature_id, m.source, m.method
LIMIT 5
