-- version: 2
-- description: The map of explanations on a grid of 64 × 64: per cell, explainer, pattern type and
--   cluster where its explanations lie on average and how many they are.
WITH edges AS (
    SELECT min(x) AS left_x, max(x) AS right_x, min(y) AS low_y, max(y) AS high_y
    FROM analysis.explanation_projection
),

placed AS (
    SELECT
        p.x,
        p.y,
        least(floor(64 * (p.x - e.left_x) / nullif(e.right_x - e.left_x, 0)), 63) AS across,
        least(floor(64 * (p.y - e.low_y) / nullif(e.high_y - e.low_y, 0)), 63) AS up,
        x.explainer_order,
        x.explainer_short AS explainer,
        t.pattern_type,
        c.cluster
    FROM analysis.explanation_projection p
    CROSS JOIN edges e
    JOIN staging.explainers x ON x.explainer = p.llm_explainer
    JOIN analysis.explanation_clusters c
        ON c.feature_id = p.feature_id AND c.llm_explainer = p.llm_explainer
        AND c.num_clusters = (SELECT min(num_clusters) FROM analysis.explanation_clusters)
    JOIN analysis.pattern_types t ON t.feature_id = p.feature_id
    JOIN staging.default_model m ON m.model = t.model
)

SELECT avg(x)::FLOAT AS x, avg(y)::FLOAT AS y, explainer, pattern_type, cluster, count(*) AS explanations
FROM placed
GROUP BY across, up, explainer_order, explainer, pattern_type, cluster
ORDER BY explanations DESC, across, up, explainer_order, pattern_type, cluster
