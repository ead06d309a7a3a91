-- version: 1
-- description: The prompt file is a JSON array.
-- hint: it must hold a JSON array of arrays of token strings; export it again
SELECT '"' || file || '" cannot be read as prompts: ' || reason AS message
FROM staging.prompt_records
WHERE prompt_id IS NULL
