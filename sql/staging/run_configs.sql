-- version: 5
-- description: Facts of each source's run_config.json. Only the named fields are ever read: the file
--   may hold a token.
-- key: source
-- column sae_id: <sparse_model>/<hookpoint>
-- column hookpoint: the one that input.hookpoint names, else the first
-- column hookpoints: how many the run had
-- column explainer_mode: Delphi's `explainer`: none = explanations of another run were scored, and
--   explainer_model is the scorer
WITH read AS (
    SELECT
        file,
        source,
        coalesce(
            reading_problem(problem, $input_max_record_mb, $input_max_expansion),
            CASE WHEN trim_space(text) = '' THEN 'empty file' END,
            json_object_problem(text)
        ) AS reason,
        TRY(
            from_json(
                text, '{"sparse_model": "JSON", "hookpoints": "JSON", "explainer_model": "JSON", "explainer": "JSON"}'
            )
        ) AS config
    FROM raw.run_configs
),

fields AS (
    SELECT
        file,
        source,
        reason,
        json_text(config.sparse_model) AS sparse_model,
        coalesce(json_text(config.hookpoints), json_text(json_extract(config.hookpoints, '$[0]'))) AS first_hookpoint,
        CASE
            WHEN TRY(json_type(config.hookpoints)) = 'ARRAY' THEN json_array_length(config.hookpoints)
            ELSE 1
        END AS hookpoints,
        json_text(config.explainer_model) AS explainer_model,
        json_text(config.explainer) AS explainer_mode
    FROM read
),

-- Where a run had one hookpoint, a chosen one is how its files spell it.
chosen AS (
    SELECT
        *,
        CASE
            WHEN hookpoints > 1 AND $input_hookpoint <> '' THEN $input_hookpoint
            ELSE first_hookpoint
        END AS hookpoint
    FROM fields
)

SELECT
    file,
    source,
    sae_name(sparse_model) || coalesce('/' || sae_name(hookpoint), '') AS sae_id,
    hookpoint,
    hookpoints,
    explainer_model,
    coalesce(explainer_mode, 'default') AS explainer_mode,
    reason
FROM chosen
