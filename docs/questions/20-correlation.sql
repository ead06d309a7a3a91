/* Do explainers agree more on features whose explanations score well? Spearman's rank correlation over features. */
WITH figures AS (
    SELECT feature_id, figure, avg(value) AS value
    FROM analysis.figures_long
    WHERE figure IN ('semantic_similarity', 'fuzz', 'detection', 'match_rate')
    GROUP BY feature_id, figure
),

ranked AS (
    SELECT
        feature_id,
        figure,
        rank() OVER (PARTITION BY figure ORDER BY value)
        + (count(*) OVER (PARTITION BY figure, value) - 1) / 2 AS place
    FROM figures
)

SELECT b.figure, count(*) AS features, round(corr(a.place, b.place), 1) AS rank_correlation
FROM ranked a
JOIN ranked b ON b.feature_id = a.feature_id
WHERE a.figure = 'semantic_similarity' AND b.figure <> 'semantic_similarity'
GROUP BY b.figure
ORDER BY b.figure
