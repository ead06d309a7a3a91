-- version: 1
-- description: Where explanations lie between the three causes of failure: those per cell of the triangle,
--   by the cause that they are nearest to.
WITH placed AS (
    SELECT
        round(position_x * 40) / 40 AS x,
        round(position_y * 40) / 40 AS y,
        nearest_anchor AS cause
    FROM analysis.failure_positions
)

SELECT x, y, cause, count(*) AS explanations
FROM placed
GROUP BY x, y, cause
ORDER BY x, y, cause
