-- version: 1
-- description: Facts of each source's run_config.json. Only the named fields are ever read: the file
--   may hold a token.
-- key: source
-- column sae_id: <sparse_model>/<first hookpoint>
-- column explainer_mode: Delphi's `explainer`: none = explanations of another run were scored, and
--   explainer_model is the scorer
WITH read AS (
    SELECT
        file,
        source,
        problem,
        CASE
            WHEN problem IS NULL
                THEN TRY(from_json(text, '{"sparse_model": "VARCHAR", "hookpoints": "JSON", "explainer_model": "VARCHAR", "explainer": "VARCHAR"}'))
        END AS config
    FROM raw.run_configs
),

fields AS (
    SELECT
        file,
        source,
        problem,
        config,
        nullif(trim_space(config.sparse_model), '') AS sparse_model,
        nullif(trim_space(CASE
            WHEN TRY(json_type(config.hookpoints)) = 'ARRAY'
                THEN json_extract_string(config.hookpoints, '$[0]')
            WHEN TRY(json_type(config.hookpoints)) = 'VARCHAR'
                THEN json_extract_string(config.hookpoints, '$')
        END), '') AS hookpoint
    FROM read
)

SELECT
    file,
    source,
    CASE
        WHEN contains(sparse_model || coalesce('/' || hookpoint, ''), '/')
            THEN sparse_model || coalesce('/' || hookpoint, '')
        ELSE replace(sparse_model, '--', '/')
    END AS sae_id,
    nullif(config.explainer_model, '') AS explainer_model,
    coalesce(nullif(config.explainer, ''), 'default') AS explainer_mode,
    CASE
        WHEN problem IS NOT NULL THEN problem
        WHEN config IS NULL THEN 'not JSON'
    END AS reason
FROM fields
