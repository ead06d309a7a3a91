-- version: 2
-- description: Statistics of each metric of the explanations, over those that have it.
-- key: metric
-- column metric: name of the metric
-- column metric_order: 1-based place of the metric
-- column num_values: explanations that have it
-- column mean: mean
-- column std: sample standard deviation; null for fewer than 2
-- column min: smallest
-- column max: largest
-- column percentiles: linear-interpolated percentiles by name: p5, p10, p25, p50, p75, p90
-- column low: its percentile causes.low
-- column middle: its percentile causes.middle
-- column counts: it tells explanations apart: not all that have it are alike
WITH metrics AS (
    SELECT
        unnest(range(1, 6))::INTEGER AS metric_order,
        unnest(
            ['intra_feature_sim', 'score_embedding', 'score_fuzz', 'score_detection', 'explanation_semantic_sim']
        ) AS metric
),

figures AS (
    SELECT
        feature_id,
        explainer_order,
        unnest(range(1, 6))::INTEGER AS metric_order,
        unnest([intra_feature_sim, score_embedding, score_fuzz, score_detection, explanation_semantic_sim]) AS value
    FROM analysis.explanation_metrics
),

-- In one order: a mean of doubles depends on it, and so would the content hash.
gathered AS (
    SELECT
        m.metric,
        m.metric_order,
        coalesce(list(f.value ORDER BY f.feature_id, f.explainer_order) FILTER (f.value IS NOT NULL), []) AS figures
    FROM metrics m
    LEFT JOIN figures f ON f.metric_order = m.metric_order
    GROUP BY m.metric, m.metric_order
)

SELECT
    metric,
    metric_order,
    len(figures) AS num_values,
    list_avg(figures) AS mean,
    list_stddev_samp(figures) AS std,
    list_min(figures) AS min,
    list_max(figures) AS max,
    {
        'p5': list_aggregate(figures, 'quantile_cont', 0.05),
        'p10': list_aggregate(figures, 'quantile_cont', 0.1),
        'p25': list_aggregate(figures, 'quantile_cont', 0.25),
        'p50': list_aggregate(figures, 'quantile_cont', 0.5),
        'p75': list_aggregate(figures, 'quantile_cont', 0.75),
        'p90': list_aggregate(figures, 'quantile_cont', 0.9)
    } AS percentiles,
    list_aggregate(figures, 'quantile_cont', $causes_low) AS low,
    list_aggregate(figures, 'quantile_cont', $causes_middle) AS middle,
    coalesce(list_min(figures) < list_max(figures), false) AS counts
FROM gathered
ORDER BY metric_order
