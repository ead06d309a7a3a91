-- version: 2
-- description: RV coefficient (Robert & Escoufier 1976) between two scorers' score matrices, features ×
--   methods (fuzz, detection, embedding where both have it), per explainer.
-- key: explainer_short, scorer_short, other_short
-- collected: yes
-- column explainer_short: short name of the explainer
-- column scorer_short: short name of the scorer
-- column other_short: short name of the other scorer
-- column features: features both scored
-- column methods: methods both have
-- column consistency: tr(XᵀYYᵀX) / √(tr((XᵀX)²) tr((YᵀY)²)), columns centred; null when one is constant
WITH scored AS (
    SELECT s.explainer_short, o.scorer_order, o.scorer_short, a.feature_id, a.method, a.score
    FROM analysis.scores a
    JOIN staging.sources s ON s.source = a.source
    JOIN staging.scorers o ON o.scorer_short = s.scorer_short
    WHERE a.method IN ('fuzz', 'detection', 'embedding') AND a.score IS NOT NULL
),

both_scored AS (
    SELECT
        x.explainer_short,
        x.scorer_short,
        y.scorer_short AS other_short,
        x.feature_id,
        x.method,
        x.score AS x,
        y.score AS y
    FROM scored x
    JOIN scored y
        ON y.explainer_short = x.explainer_short
        AND y.feature_id = x.feature_id
        AND y.method = x.method
        AND y.scorer_order > x.scorer_order
),

-- A method counts when both scorers have it for at least half of the features they share, so that
-- a few stray files of a third method don't leave a handful of complete rows.
methods AS (
    SELECT explainer_short, scorer_short, other_short, method
    FROM both_scored
    GROUP BY explainer_short, scorer_short, other_short, method
    QUALIFY 2 * count(*) >= max(count(*)) OVER (PARTITION BY explainer_short, scorer_short, other_short)
),

wanted AS (
    SELECT explainer_short, scorer_short, other_short, count(*) AS methods
    FROM methods
    GROUP BY explainer_short, scorer_short, other_short
),

complete AS (
    SELECT
        b.*,
        count(*) OVER (PARTITION BY b.explainer_short, b.scorer_short, b.other_short, b.feature_id) AS methods_here
    FROM both_scored b
    SEMI JOIN methods m
        ON m.explainer_short = b.explainer_short
        AND m.scorer_short = b.scorer_short
        AND m.other_short = b.other_short
        AND m.method = b.method
),

centred AS (
    SELECT
        c.explainer_short,
        c.scorer_short,
        c.other_short,
        c.feature_id,
        c.method,
        c.x - avg(c.x) OVER same AS x,
        c.y - avg(c.y) OVER same AS y
    FROM complete c
    JOIN wanted m
        ON m.explainer_short = c.explainer_short
        AND m.scorer_short = c.scorer_short
        AND m.other_short = c.other_short
        AND m.methods = c.methods_here
    -- In one order, here and below: a sum of doubles depends on it, and so would the content hash.
    WINDOW same AS (
        PARTITION BY c.explainer_short, c.scorer_short, c.other_short, c.method ORDER BY c.feature_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
),

products AS (
    SELECT
        a.explainer_short,
        a.scorer_short,
        a.other_short,
        a.method,
        b.method AS other_method,
        count(*) AS features,
        list_sum(list(a.x * b.y ORDER BY a.feature_id)) AS xy,
        list_sum(list(a.x * b.x ORDER BY a.feature_id)) AS xx,
        list_sum(list(a.y * b.y ORDER BY a.feature_id)) AS yy
    FROM centred a
    JOIN centred b
        ON b.explainer_short = a.explainer_short
        AND b.scorer_short = a.scorer_short
        AND b.other_short = a.other_short
        AND b.feature_id = a.feature_id
    GROUP BY a.explainer_short, a.scorer_short, a.other_short, a.method, b.method
)

-- The squares, added in the order of the methods.
SELECT
    explainer_short,
    scorer_short,
    other_short,
    any_value(features) AS features,
    count(DISTINCT method) AS methods,
    list_sum(list(xy ^ 2 ORDER BY method, other_method)) / nullif(sqrt(
        list_sum(list(xx ^ 2 ORDER BY method, other_method))
        * list_sum(list(yy ^ 2 ORDER BY method, other_method))
    ), 0) AS consistency
FROM products
GROUP BY explainer_short, scorer_short, other_short
