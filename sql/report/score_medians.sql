-- version: 1
-- description: Median score and number of scored features per explainer, scorer and method.
SELECT
    e.explainer_short AS explainer,
    c.scorer_short AS scorer,
    s.method,
    median(s.score) AS median,
    count(s.score) AS features,
    sum(s.failed) / nullif(sum(s.total), 0) AS failed_share
FROM analysis.scores s
JOIN staging.sources r ON r.source = s.source
JOIN staging.explainers e ON e.explainer_short = r.explainer_short
JOIN staging.scorers c ON c.scorer_short = r.scorer_short
GROUP BY e.explainer_order, e.explainer_short, c.scorer_order, c.scorer_short, s.method
ORDER BY e.explainer_order, c.scorer_order, s.method
