-- version: 1
-- description: How near each explanation's metrics are to the three causes of failure, and where that puts
--   it in a triangle of them.
-- key: feature_id, explainer_order
-- column feature_id: the feature
-- column explainer_order: 0-based place of the explainer
-- column zs: standard scores of the five metrics, in order; null where one is missing
-- column distances: Euclidean distances of the standard scores to the three anchors, in order; a missing
--   one counts as 0
-- column weights: barycentric coordinates, in the order of the anchors: 1 ÷ (distance + 1e-8), together 1
-- column position_x: of the triangle's corners (0, 0), (1, 0) and (0.5, 0.866), each by its weight
-- column position_y: the other coordinate
-- column nearest_anchor: the nearest anchor (ties: their order)
WITH distances AS (
    SELECT
        m.feature_id,
        m.explainer_order,
        a.anchor,
        a.anchor_order,
        sqrt(list_sum(list((coalesce(m.z, 0) - a.z) ^ 2 ORDER BY m.metric_order))) AS distance
    FROM analysis.standard_metrics m
    JOIN analysis.failure_anchors a ON a.metric_order = m.metric_order
    GROUP BY m.feature_id, m.explainer_order, a.anchor, a.anchor_order
),

gathered AS (
    SELECT
        feature_id,
        explainer_order,
        list(distance ORDER BY anchor_order) AS distances,
        list(1 / (distance + 1e-8::DOUBLE) ORDER BY anchor_order) AS nearness,
        arg_min(anchor, (distance, anchor_order)) AS nearest_anchor
    FROM distances
    GROUP BY feature_id, explainer_order
),

weighed AS (
    SELECT *, list_transform(nearness, lambda n: n / list_sum(nearness)) AS weights
    FROM gathered
),

standard AS (
    SELECT feature_id, explainer_order, list(z ORDER BY metric_order) AS zs
    FROM analysis.standard_metrics
    GROUP BY feature_id, explainer_order
)

SELECT
    w.feature_id,
    w.explainer_order,
    s.zs,
    w.distances,
    w.weights,
    w.weights[2] + 0.5::DOUBLE * w.weights[3] AS position_x,
    0.866::DOUBLE * w.weights[3] AS position_y,
    w.nearest_anchor
FROM weighed w
JOIN standard s ON s.feature_id = w.feature_id AND s.explainer_order = w.explainer_order
ORDER BY w.feature_id, w.explainer_order
