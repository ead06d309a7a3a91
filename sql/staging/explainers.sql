-- version: 2
-- description: The explainers in order, each with the source its explanations are taken from.
-- key: explainer
-- column explainer_order: 0-based
WITH candidates AS (
    SELECT
        s.source,
        s.explainer_short,
        list_position($explanations_sources::VARCHAR[], s.source) AS place
    FROM staging.sources s
    SEMI JOIN staging.explanations e ON e.source = s.source
),

taken AS (
    SELECT source, explainer_short
    FROM candidates
    WHERE len($explanations_sources::VARCHAR[]) = 0 OR place > 0
    QUALIFY row_number() OVER (PARTITION BY explainer_short ORDER BY place NULLS LAST, source) = 1
)

SELECT
    (row_number() OVER (
        ORDER BY nullif(
            list_position($explanations_explainers::VARCHAR[], t.explainer_short), 0
        ) NULLS LAST, t.explainer_short
    ) - 1)::INTEGER AS explainer_order,
    t.explainer_short,
    n.full_name AS explainer,
    t.source
FROM taken t
JOIN staging.model_names n ON n.short = t.explainer_short
