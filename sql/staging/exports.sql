-- version: 3
-- description: The Neuronpedia export: facts of its source.jsonl.
-- key: file
-- column export: its directory under raw/
-- column sae_id: <modelId>/<source id>
-- column num_prompts: prompts that the exporter was given; it may have used fewer
WITH read AS (
    SELECT
        file,
        source AS export,
        text,
        coalesce(
            reading_problem(problem, $input_max_record_mb, $input_max_expansion),
            CASE WHEN trim_space(text) = '' THEN 'empty file' END,
            json_object_problem(text)
        ) AS reason,
        TRY(
            from_json(text, '{"id": "JSON", "modelId": "JSON", "num_prompts": "JSON", "num_tokens_in_prompt": "JSON"}')
        ) AS facts
    FROM raw.exports
)

SELECT
    file,
    export,
    json_text(facts.modelid) || '/' || json_text(facts.id) AS sae_id,
    TRY_CAST(facts.num_prompts AS BIGINT) AS num_prompts,
    TRY_CAST(facts.num_tokens_in_prompt AS BIGINT) AS num_tokens_in_prompt,
    reason,
    CASE WHEN reason IS NOT NULL THEN text END AS raw
FROM read
