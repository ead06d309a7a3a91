-- version: 2
-- description: The map of decoder rows on a grid of 64 × 64: per cell, pattern type and cluster where
--   its features lie on average and how many they are.
WITH edges AS (
    SELECT min(x) AS left_x, max(x) AS right_x, min(y) AS low_y, max(y) AS high_y
    FROM analysis.feature_projection
),

placed AS (
    SELECT
        p.x,
        p.y,
        least(floor(64 * (p.x - e.left_x) / nullif(e.right_x - e.left_x, 0)), 63) AS across,
        least(floor(64 * (p.y - e.low_y) / nullif(e.high_y - e.low_y, 0)), 63) AS up,
        coalesce(t.pattern_type, 'not explained') AS pattern_type,
        c.cluster
    FROM analysis.feature_projection p
    CROSS JOIN edges e
    JOIN analysis.feature_clusters c
        ON c.feature_id = p.feature_id AND c.num_clusters = (SELECT min(num_clusters) FROM analysis.feature_clusters)
    LEFT JOIN (
        SELECT feature_id, pattern_type
        FROM analysis.pattern_types t
        JOIN staging.default_model m ON m.model = t.model
    ) t ON t.feature_id = p.feature_id
)

SELECT avg(x)::FLOAT AS x, avg(y)::FLOAT AS y, pattern_type, cluster, count(*) AS features
FROM placed
GROUP BY across, up, pattern_type, cluster
ORDER BY features DESC, across, up, pattern_type, cluster
