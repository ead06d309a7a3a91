-- version: 1
-- description: Items of prompts.json that are no prompts.
-- kind: view
SELECT file, line, reason, raw
FROM staging.prompt_records
WHERE reason IS NOT NULL
