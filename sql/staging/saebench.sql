-- version: 1
-- description: One row per latent of SAEBench's autointerp results, kept, quarantined or outside
--   scope.features; one for a file that holds none. The logs are not read.
-- key: file, line
-- column line: 1-based place of the latent in the file
-- column model: the LLM that explained and judged: llm_model of the file's settings, else SAEBench
-- column sae_id: <sae_lens_release_id>/<sae_lens_id>
-- column score: as given; null is a failed one
WITH read AS (
    SELECT
        file,
        source,
        text,
        coalesce(
            reading_problem(problem, $input_max_record_mb, $input_max_expansion),
            json_object_problem(text),
            CASE
                WHEN TRY(json_type(text, '$.eval_result_unstructured')) IS DISTINCT FROM 'OBJECT'
                    THEN 'missing field: eval_result_unstructured'
                WHEN TRY(json_extract(text, '$.eval_result_unstructured')::MAP(VARCHAR, JSON)) IS NULL
                    THEN 'a latent is told twice'
            END
        ) AS problem
    FROM raw.saebench
),

listed AS (
    SELECT
        file,
        source,
        text,
        problem,
        CASE
            WHEN problem IS NULL
                THEN coalesce(json_text(json_extract(text, '$.eval_config.llm_model')), 'SAEBench')
        END AS model,
        CASE
            WHEN problem IS NULL
                THEN json_text(json_extract(text, '$.sae_lens_release_id')) || '/'
                    || json_text(json_extract(text, '$.sae_lens_id'))
        END AS sae_id,
        CASE
            WHEN problem IS NULL
                THEN map_entries(json_extract(text, '$.eval_result_unstructured')::MAP(VARCHAR, JSON))
            ELSE [{'key': NULL::VARCHAR, 'value': NULL::JSON}]
        END AS latents
    FROM read
),

unnested AS (
    SELECT
        file,
        source,
        model,
        sae_id,
        problem,
        CASE WHEN problem IS NOT NULL THEN text END AS whole,
        unnest(latents) AS latent,
        unnest(range(1, len(latents) + 1)) AS line
    FROM listed
),

fields AS (
    SELECT
        *,
        feature_id_in(latent.key) AS feature_id,
        json_extract(latent.value, '$.explanation') AS explanation,
        json_extract(latent.value, '$.score') AS score
    FROM unnested
),

checked AS (
    SELECT
        *,
        CASE
            WHEN problem IS NOT NULL THEN problem
            WHEN feature_id IS NULL OR feature_id > 4294967295 THEN 'wrong type: latent'
            WHEN json_type(latent.value) <> 'OBJECT' THEN 'not an object'
            WHEN json_type(explanation) NOT IN ('VARCHAR', 'NULL') THEN 'wrong type: explanation'
            -- As in staging.explanation_records.
            WHEN length(json_text(explanation)) > 131072
                AND len(split_phrases(json_text(explanation), $phrases_words::VARCHAR[])) > 65536
                THEN 'more than 65,536 phrases'
            WHEN json_type(score) NOT IN ('DOUBLE', 'UBIGINT', 'BIGINT', 'NULL') THEN 'wrong type: score'
        END AS bad
    FROM fields
),

placed AS (
    SELECT
        *,
        coalesce(
            bad,
            CASE
                WHEN row_number() OVER (PARTITION BY source, feature_id, bad IS NULL ORDER BY file, line) > 1
                    THEN 'duplicate (source, feature)'
            END
        ) AS reason,
        feature_id IS NOT NULL AND NOT in_scope(feature_id, $scope_features) AS is_outside
    FROM checked
)

SELECT
    file,
    line,
    CASE WHEN is_outside THEN 'outside scope' WHEN reason IS NOT NULL THEN 'quarantined' ELSE 'kept' END AS status,
    CASE WHEN NOT is_outside THEN reason END AS reason,
    CASE
        WHEN reason IS NOT NULL AND NOT is_outside THEN coalesce(whole, format('"{}": {}', latent.key, latent.value))
    END AS raw,
    source,
    model,
    sae_id,
    feature_id,
    json_text(explanation) AS explanation,
    CASE WHEN isfinite(TRY_CAST(score AS DOUBLE)) THEN TRY_CAST(score AS DOUBLE) END AS score
FROM placed
