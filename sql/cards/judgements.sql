-- version: 2
-- description: A feature's card: what the judges got wrong: one row per explainer, scorer and method (fuzz,
--   detection), with up to 20 wrong examples, those that the scorer was surest of first.
-- argument feature: the feature's id
-- column right: examples judged right
-- column missed: activating, judged not to be
-- column false_alarms: not activating, judged to be
-- column failed: without a judgement
-- column wrong: file and 1-based line of each wrong example, whether it activates the feature, its
--   distance (the quantile of an activating one) and the scorer's P(activating), where recorded
SELECT
    e.explainer,
    c.scorer,
    r.method,
    count(*) FILTER (r.outcome = 'correct') AS right,
    count(*) FILTER (r.outcome = 'incorrect' AND r.activating) AS missed,
    count(*) FILTER (r.outcome = 'incorrect' AND NOT r.activating) AS false_alarms,
    count(*) FILTER (r.outcome = 'failed') AS failed,
    coalesce(list(
        {
            'file': r.file,
            'line': r.line,
            'activating': r.activating,
            'distance': r.distance,
            'probability': r.probability
        }
        ORDER BY abs(r.probability - 0.5) DESC NULLS LAST, r.line
    ) FILTER (r.outcome = 'incorrect'), [])[:20] AS wrong
FROM staging.score_records r
JOIN staging.score_files f ON f.file = r.file
JOIN staging.sources s ON s.source = r.source
JOIN staging.explainers e ON e.explainer_short = s.explainer_short
JOIN staging.scorers c ON c.scorer_short = s.scorer_short
WHERE r.feature_id = $feature AND r.method IN ('fuzz', 'detection') AND r.status = 'kept' AND f.counts
GROUP BY e.explainer_order, e.explainer, c.scorer_order, c.scorer, r.method
ORDER BY e.explainer_order, c.scorer_order, r.method
