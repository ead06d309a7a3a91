-- version: 1
-- description: One row per item of prompts.json, good or bad.
-- key: file, line
-- column line: 1-based place in the array
-- column prompt_id: 0-based place in the array
-- column reason: why it is quarantined, null when kept
WITH whole AS (
    SELECT
        file,
        text,
        problem,
        CASE WHEN problem IS NULL THEN TRY(from_json(text, '["JSON"]')) END AS items
    FROM raw.prompts
),

items AS (
    SELECT w.file, i.line, i.item, TRY(from_json(i.item, '["VARCHAR"]')) AS tokens
    FROM whole w, unnest(w.items) WITH ORDINALITY AS i(item, line)
),

records AS (
    SELECT
        file,
        line,
        line - 1 AS prompt_id,
        tokens,
        CASE
            WHEN tokens IS NULL THEN 'wrong type: not an array'
            WHEN json_structure(item) NOT IN ('["VARCHAR"]', '["NULL"]')
                OR list_count(tokens) < len(tokens)
                THEN 'wrong type: a token is not a string'
        END AS reason,
        item
    FROM items
)

SELECT
    file,
    line,
    prompt_id,
    CASE WHEN reason IS NULL THEN tokens END AS tokens,
    len(tokens)::INTEGER AS num_tokens,
    reason,
    CASE WHEN reason IS NOT NULL THEN item::VARCHAR END AS raw
FROM records
UNION ALL
SELECT
    file,
    1 AS line,
    NULL AS prompt_id,
    NULL AS tokens,
    NULL AS num_tokens,
    coalesce(problem, json_file_problem(text)) AS reason,
    text AS raw
FROM whole
WHERE items IS NULL
