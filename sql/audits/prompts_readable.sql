-- version: 2
-- description: The prompt file is a JSON array whose items can be counted.
-- hint: it must hold a JSON array of arrays of token strings; export it again
SELECT
    format(
        '"{}" cannot be read as prompts: {}{}',
        file,
        reason,
        CASE WHEN line IS NULL THEN '' ELSE format(', item {}', line) END
    ) AS message
FROM staging.prompt_records
WHERE prompt_id IS NULL
ORDER BY file, line
