-- version: 1
-- description: Of the explained features' decoder neighbours, how many have sampled examples and how
--   many have explanations: features per number of such neighbours.
WITH covered AS (
    SELECT
        n.feature_id,
        count(*) AS neighbours,
        count(*) FILTER (WHERE o.num_active > 0) AS sampled,
        count(*) FILTER (WHERE o.num_explanations > 0) AS explained
    FROM analysis.decoder_neighbours n
    JOIN staging.features f ON f.feature_id = n.feature_id AND f.num_explanations > 0
    LEFT JOIN staging.features o ON o.feature_id = n.neighbour_id
    GROUP BY n.feature_id
),

counted AS (
    SELECT 'with examples' AS what, sampled AS neighbours FROM covered
    UNION ALL
    SELECT 'with explanations', explained FROM covered
)

SELECT what, neighbours, count(*) AS features, (SELECT max(neighbours) FROM covered) AS of_neighbours
FROM counted
GROUP BY what, neighbours
ORDER BY what, neighbours
