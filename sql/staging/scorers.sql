-- version: 2
-- description: The scorers in order.
-- key: scorer
-- column scorer_order: 0-based
SELECT
    (row_number() OVER (
        ORDER BY nullif(list_position($scores_scorers::VARCHAR[], s.scorer_short), 0) NULLS LAST, s.scorer_short
    ) - 1)::INTEGER AS scorer_order,
    s.scorer_short,
    n.full_name AS scorer
FROM (SELECT DISTINCT scorer_short FROM staging.sources WHERE scorer_short IS NOT NULL) s
JOIN staging.model_names n ON n.short = s.scorer_short
