-- version: 1
-- description: Per method, explainer and scorer the share of its scored features in each bin of 0.05.
WITH scored AS (
    SELECT
        s.method,
        s.source,
        e.explainer_order,
        e.explainer_short,
        c.scorer_order,
        c.scorer_short,
        least(floor(s.score * 20)::INTEGER, 19) AS bin
    FROM analysis.scores s
    JOIN staging.sources r ON r.source = s.source
    JOIN staging.explainers e ON e.explainer_short = r.explainer_short
    JOIN staging.scorers c ON c.scorer_short = r.scorer_short
    WHERE isfinite(s.score)
),

lines AS (
    SELECT method, source, explainer_order, explainer_short, scorer_order, scorer_short, count(*) AS features
    FROM scored
    GROUP BY ALL
),

-- Empty bins too: a line falls to 0 there, and behind the last bin.
bins AS (
    SELECT method, unnest(range(least(min(bin), 0), 21)) AS bin
    FROM scored
    GROUP BY method
)

SELECT
    l.method,
    l.explainer_short AS explainer,
    l.scorer_short AS scorer,
    b.bin / 20 AS score,
    count(s.bin) / l.features AS share
FROM lines l
JOIN bins b ON b.method = l.method
LEFT JOIN scored s ON s.method = l.method AND s.source = l.source AND s.bin = b.bin
GROUP BY l.method, l.explainer_order, l.explainer_short, l.scorer_order, l.scorer_short, l.features, b.bin
ORDER BY l.method, l.explainer_order, l.scorer_order, b.bin
