-- version: 2
-- description: The prompts of records that hold their tokens (Neuronpedia v1), where input.prompts
--   names no file: numbered in the order in which they first occur.
-- key: prompt_id
-- column file: where it first occurs
-- column tokens_key: the key of the tokens' JSON text
WITH parsed AS (
    SELECT file, line, TRY(from_json(text, '{"tokens": "JSON"}')).tokens AS tokens
    FROM raw.record_prompts
    WHERE problem IS NULL
),

typed AS (
    SELECT file, line, text_key(tokens::VARCHAR) AS tokens_key, from_json(tokens, '["VARCHAR"]') AS tokens
    FROM parsed
    WHERE json_structure(tokens) = '["VARCHAR"]'
),

firsts AS (
    SELECT
        tokens_key,
        min((natural_key(file), line)) AS first,
        min_by(file, (natural_key(file), line)) AS file,
        any_value(tokens) AS tokens
    FROM typed
    WHERE list_count(tokens) = len(tokens)
    GROUP BY tokens_key
)

SELECT
    file,
    struct_extract_at(first, 2) AS line,
    row_number() OVER (ORDER BY first) - 1 AS prompt_id,
    tokens_key,
    tokens,
    len(tokens)::INTEGER AS num_tokens
FROM firsts
