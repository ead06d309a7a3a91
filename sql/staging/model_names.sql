-- version: 2
-- description: Full model names by the short names of the source directories: the settings' table,
--   else what a run_config.json says of it, else the short name itself.
-- key: short
-- column known_names: every distinct full name the run_configs give
WITH facts AS (
    SELECT s.source, s.scorer_short AS short, c.explainer_model AS full_name
    FROM staging.sources s
    JOIN staging.run_configs c ON c.source = s.source
    WHERE c.explainer_model IS NOT NULL
        AND (c.explainer_mode = 'none' OR s.explainer_short = s.scorer_short)
    UNION ALL
    SELECT s.source, s.explainer_short AS short, c.explainer_model AS full_name
    FROM staging.sources s
    JOIN staging.run_configs c ON c.source = s.source
    WHERE c.explainer_model IS NOT NULL
        AND c.explainer_mode <> 'none'
        AND s.explainer_short <> s.scorer_short
),

told AS (
    SELECT
        short,
        arg_min(full_name, source) AS full_name,
        list(DISTINCT full_name ORDER BY full_name) AS known_names
    FROM facts
    GROUP BY short
),

chosen AS (
    SELECT struct_extract(item, 'short') AS short, struct_extract(item, 'full_name') AS full_name
    FROM (SELECT unnest($models::STRUCT(short VARCHAR, full_name VARCHAR)[]) AS item)
),

shorts AS (
    SELECT explainer_short AS short FROM staging.sources
    UNION
    SELECT scorer_short AS short FROM staging.sources WHERE scorer_short IS NOT NULL
)

SELECT
    s.short,
    coalesce(c.full_name, t.full_name, s.short) AS full_name,
    coalesce(t.known_names, []) AS known_names,
    c.full_name IS NOT NULL AS from_settings
FROM shorts s
LEFT JOIN told t ON t.short = s.short
LEFT JOIN chosen c ON c.short = s.short
