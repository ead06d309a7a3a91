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
        CASE WHEN problem IS NULL THEN TRY(from_json(text, '["JSON"]')) END AS parsed
    FROM raw.prompts
),

-- A file without an array stands as one row without an item, so that it is read in one pass.
items AS (
    SELECT
        w.file,
        CASE WHEN w.parsed IS NULL THEN coalesce(w.problem, json_file_problem(w.text)) END AS file_problem,
        CASE WHEN w.parsed IS NULL THEN w.text ELSE i.item::VARCHAR END AS raw,
        i.line,
        i.item,
        TRY(from_json(i.item, '["VARCHAR"]')) AS tokens
    FROM whole w, unnest(coalesce(w.parsed, [NULL])) WITH ORDINALITY AS i(item, line)
),

records AS (
    SELECT
        file,
        line,
        CASE WHEN file_problem IS NULL THEN line - 1 END AS prompt_id,
        tokens,
        CASE
            WHEN file_problem IS NOT NULL THEN file_problem
            WHEN tokens IS NULL THEN 'wrong type: not an array'
            WHEN json_structure(item) NOT IN ('["VARCHAR"]', '["NULL"]')
                OR list_count(tokens) < len(tokens)
                THEN 'wrong type: a token is not a string'
        END AS reason,
        raw
    FROM items
)

SELECT
    file,
    line,
    prompt_id,
    CASE WHEN reason IS NULL THEN tokens END AS tokens,
    CASE WHEN reason IS NULL THEN len(tokens) END::INTEGER AS num_tokens,
    reason,
    CASE WHEN reason IS NOT NULL THEN coalesce(raw, 'null') END AS raw
FROM records
