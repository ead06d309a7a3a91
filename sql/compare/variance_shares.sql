-- version: 1
-- description: What share of the variance of scores each factor accounts for by itself: member, explainer,
--   scorer, method, feature (of a member). Eta squared = sum over the factor's levels of n × (their mean -
--   the mean)², divided by the total sum of squares (Fisher 1925, the correlation ratio). Where the design
--   is balanced these are the main effects of an analysis of variance (type I) in any order; where it is
--   not, factors that go together share what they account for. Omega squared (Hays 1963) takes off what
--   as many levels would account for by chance: (between - (levels - 1) × w) ÷ (total + w), w = (total -
--   between) ÷ (values - levels).
-- key: method, factor
-- column method: the scores' method; null: fuzz, detection and embedding together, which share a scale
-- column factor: member, explainer, scorer, method or feature; one with a single level has no row
-- column levels: values of the factor
-- column num_values: scores
-- column eta_squared: share of the variance, 0 to 1; null where all scores are equal
-- column omega_squared: the same without chance; null where no level has two scores
WITH scores AS (
    SELECT member, llm_explainer, scorer, method, feature_id, score::DECIMAL(18, 12) AS score
    FROM analysis.scores_long
    WHERE isfinite(score) AND abs(score) <= 1000
),

scopes AS (
    SELECT method AS scope, * FROM scores
    UNION ALL
    SELECT NULL AS scope, * FROM scores WHERE method IN ('fuzz', 'detection', 'embedding')
),

factors AS (
    SELECT
        scope,
        score,
        unnest(['member', 'explainer', 'scorer', 'method', 'feature']) AS factor,
        unnest([member, llm_explainer, scorer, method, member || ' ' || feature_id]) AS of_level
    FROM scopes
),

-- Sums of decimals are the same in any order.
grouped AS (
    SELECT scope, factor, of_level, count(*) AS n, sum(score)::DOUBLE AS total
    FROM factors
    WHERE of_level IS NOT NULL
    GROUP BY scope, factor, of_level
),

totals AS (
    SELECT
        scope,
        factor,
        count(*) AS n,
        sum(score)::DOUBLE AS total,
        sum((score::DOUBLE ^ 2)::DECIMAL(38, 12))::DOUBLE AS squares
    FROM factors
    WHERE of_level IS NOT NULL
    GROUP BY scope, factor
),

squares AS (
    SELECT
        g.scope,
        g.factor,
        count(*) AS levels,
        any_value(t.n) AS n,
        greatest(
            list_sum(list(g.total ^ 2 / g.n ORDER BY g.of_level)) - any_value(t.total ^ 2 / t.n), 0
        ) AS between_levels,
        greatest(any_value(t.squares - t.total ^ 2 / t.n), 0) AS in_all
    FROM grouped g
    JOIN totals t ON t.scope IS NOT DISTINCT FROM g.scope AND t.factor = g.factor
    GROUP BY g.scope, g.factor
)

SELECT
    scope AS method,
    factor,
    levels,
    n AS num_values,
    CASE WHEN in_all > 1e-9 THEN least(between_levels / in_all, 1) END AS eta_squared,
    CASE
        WHEN in_all > 1e-9 AND n > levels
            THEN (between_levels - (levels - 1) * (in_all - between_levels) / (n - levels))
                / (in_all + (in_all - between_levels) / (n - levels))
    END AS omega_squared
FROM squares
WHERE levels > 1
ORDER BY scope NULLS FIRST, factor
