-- version: 1
-- description: explanation_metrics flattened: one row per metric of an explanation, with its standard score.
-- kind: view
-- key: feature_id, explainer_order, metric
-- column feature_id: the feature
-- column explainer_order: 0-based place of the explainer
-- column metric: name of the metric
-- column metric_order: 1-based place of the metric
-- column value: the metric; null where it is missing
-- column z: (value - mean) ÷ (standard deviation + 1e-8) over all explanations; null where it is missing,
--   0 where all that have it are alike
SELECT
    e.feature_id,
    e.explainer_order,
    s.metric,
    s.metric_order,
    e.value,
    CASE
        WHEN e.value IS NULL THEN NULL
        WHEN s.counts THEN (e.value - s.mean) / (s.std + 1e-8::DOUBLE)
        ELSE 0
    END AS z
FROM (
    SELECT
        feature_id,
        explainer_order,
        unnest(range(1, 6))::INTEGER AS metric_order,
        unnest([intra_feature_sim, score_embedding, score_fuzz, score_detection, explanation_semantic_sim]) AS value
    FROM analysis.explanation_metrics
) e
JOIN analysis.metric_statistics s ON s.metric_order = e.metric_order
