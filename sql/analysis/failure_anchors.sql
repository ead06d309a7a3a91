-- version: 1
-- description: What the metrics of an explanation look like that fails for each of three causes: it missed
--   an n-gram (examples alike, embedding and fuzz scores low), it missed a context (embedding and
--   detection scores low), or the feature's activation is noisy (examples unlike, scores at chance,
--   explainers disagree).
-- key: anchor, metric
-- column anchor: missed_ngram, missed_context or noisy_activation
-- column anchor_order: 1-based place of the anchor
-- column metric: name of the metric
-- column metric_order: 1-based place of the metric
-- column raw: the metric there: a percentile of it, or chance; null where no explanation has the metric
-- column z: its standard score; 0 where the metric counts for nothing
WITH shapes AS (
    SELECT * FROM (VALUES
        (1, 'missed_ngram', ['middle', 'low', 'low', 'middle', 'middle']),
        (2, 'missed_context', ['middle', 'low', 'middle', 'low', 'middle']),
        (3, 'noisy_activation', ['low', 'chance', 'chance', 'chance', 'low'])
    ) AS shapes(anchor_order, anchor, levels)
),

placed AS (
    SELECT anchor_order, anchor, unnest(levels) AS level, unnest(range(1, 6))::INTEGER AS metric_order
    FROM shapes
),

valued AS (
    SELECT
        p.anchor,
        p.anchor_order,
        s.metric,
        s.metric_order,
        s.mean,
        s.std,
        s.counts,
        CASE
            WHEN s.num_values = 0 THEN NULL
            WHEN p.level = 'low' THEN s.low
            WHEN p.level = 'middle' THEN s.middle
            ELSE $causes_chance
        END AS raw
    FROM placed p
    JOIN analysis.metric_statistics s ON s.metric_order = p.metric_order
)

SELECT
    anchor,
    anchor_order,
    metric,
    metric_order,
    raw,
    CASE WHEN counts THEN (raw - mean) / (std + 1e-8::DOUBLE) ELSE 0 END AS z
FROM valued
ORDER BY anchor_order, metric_order
