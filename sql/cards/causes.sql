-- version: 1
-- description: A feature's card: of each explanation the cause of failure that its metrics are nearest to,
--   and the metrics that decided between it and the next one.
-- argument feature: the feature's id
-- column explainer: full name of the explainer
-- column cause: missed_ngram, missed_context or noisy_activation
-- column distances: distance to each cause, the nearest first
-- column decisive: the two metrics that speak most for the cause and against the next nearest, with their
--   values and standard scores
WITH distances AS (
    SELECT
        p.explainer_order,
        a.anchor,
        p.distances[a.anchor_order] AS distance,
        row_number() OVER (PARTITION BY p.explainer_order ORDER BY p.distances[a.anchor_order], a.anchor_order) AS place
    FROM analysis.failure_positions p
    CROSS JOIN (SELECT DISTINCT anchor, anchor_order FROM analysis.failure_anchors) a
    WHERE p.feature_id = $feature
),

gaps AS (
    SELECT
        m.explainer_order,
        m.metric,
        m.value,
        m.z,
        (m.z - next.z) ^ 2 - (m.z - nearest.z) ^ 2 AS gap,
        row_number() OVER (
            PARTITION BY m.explainer_order
            ORDER BY (m.z - next.z) ^ 2 - (m.z - nearest.z) ^ 2 DESC, m.metric_order
        ) AS place
    FROM analysis.standard_metrics m
    JOIN distances d ON d.explainer_order = m.explainer_order AND d.place = 1
    JOIN distances e ON e.explainer_order = m.explainer_order AND e.place = 2
    JOIN analysis.failure_anchors nearest ON nearest.anchor = d.anchor AND nearest.metric = m.metric
    JOIN analysis.failure_anchors next ON next.anchor = e.anchor AND next.metric = m.metric
    WHERE m.feature_id = $feature AND m.z IS NOT NULL
),

decisive AS (
    SELECT explainer_order, list({'metric': metric, 'value': value, 'z': z} ORDER BY place) AS decisive
    FROM gaps
    WHERE gap > 0 AND place <= 2
    GROUP BY explainer_order
),

ordered AS (
    SELECT explainer_order, list({'cause': anchor, 'distance': distance} ORDER BY place) AS distances
    FROM distances
    GROUP BY explainer_order
)

SELECT
    x.explainer,
    o.distances[1].cause AS cause,
    o.distances,
    coalesce(d.decisive, []) AS decisive
FROM ordered o
JOIN staging.explainers x ON x.explainer_order = o.explainer_order
LEFT JOIN decisive d ON d.explainer_order = o.explainer_order
ORDER BY o.explainer_order
