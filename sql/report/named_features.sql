-- version: 1
-- description: Features worth a look: the five best and the five worst explained by mean score, and the
--   five most disputed, whose fuzz scores by explainer and scorer differ most.
-- column spread: largest minus smallest fuzz score of any explainer and scorer
WITH spreads AS (
    SELECT feature_id, max(score) - min(score) AS spread
    FROM analysis.scores
    WHERE method = 'fuzz'
    GROUP BY feature_id
    HAVING count(score) > 1
),

placed AS (
    SELECT
        o.feature_id,
        o.pattern_type,
        o.mean_score,
        s.spread,
        o.explanation_text,
        row_number() OVER (ORDER BY o.mean_score DESC NULLS LAST, o.feature_id) AS best,
        row_number() OVER (ORDER BY o.mean_score NULLS LAST, o.feature_id) AS worst,
        row_number() OVER (ORDER BY s.spread DESC NULLS LAST, o.feature_id) AS disputed
    FROM analysis.feature_overview o
    LEFT JOIN spreads s ON s.feature_id = o.feature_id
    WHERE o.mean_score IS NOT NULL
),

named AS (
    SELECT 'best' AS why, best AS place, * FROM placed WHERE best <= 5
    UNION ALL
    SELECT 'worst' AS why, worst AS place, * FROM placed WHERE worst <= 5
    UNION ALL
    SELECT 'most disputed' AS why, disputed AS place, * FROM placed WHERE disputed <= 5 AND spread > 0
)

SELECT why, place, feature_id, pattern_type, mean_score, spread, explanation_text
FROM named
ORDER BY list_position(['best', 'worst', 'most disputed'], why), place
