-- version: 3
-- description: One row per item of prompts.json, good or bad, and one for what is wrong with the file.
-- key: file, line
-- column line: 1-based place in the array; null for the file as a whole
-- column prompt_id: 0-based place in the array; null where places can't be told
-- column reason: why it is quarantined, null when kept
-- column raw: the item as it is in the file, of quarantined ones only
WITH items AS (
    SELECT
        file,
        line,
        trim(text, ' ' || chr(9) || chr(10) || chr(13)) AS text,
        CASE problem
            WHEN 'no array' THEN json_file_problem(text)
            ELSE reading_problem(problem, $input_max_record_mb, $input_max_expansion)
        END AS problem,
        CASE WHEN problem IS NULL THEN TRY(from_json(text, '["VARCHAR"]')) END AS tokens
    FROM raw.prompts
),

checked AS (
    SELECT
        *,
        -- With broken brackets nobody knows which item is which, from here on.
        line IS NULL OR tokens IS NULL AND problem IS NULL AND NOT json_valid(json_shape(text)) AS broken,
        CASE
            WHEN problem IS NOT NULL THEN problem
            WHEN tokens IS NULL
                THEN CASE WHEN json_valid(text) THEN 'wrong type: not an array' ELSE 'not JSON' END
            -- Of what is nested deeper than 128 levels there is no structure.
            WHEN coalesce(TRY(json_structure(text))::VARCHAR, 'deeper') NOT IN ('["VARCHAR"]', '["NULL"]')
                OR list_count(tokens) < len(tokens)
                THEN 'wrong type: a token is not a string'
        END AS reason
    FROM items
)

SELECT
    file,
    line,
    CASE WHEN NOT broken THEN line - 1 END AS prompt_id,
    CASE WHEN reason IS NULL THEN tokens END AS tokens,
    CASE WHEN reason IS NULL THEN len(tokens) END::INTEGER AS num_tokens,
    reason,
    CASE WHEN reason IS NOT NULL THEN text END AS raw
FROM checked
