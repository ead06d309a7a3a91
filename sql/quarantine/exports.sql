-- version: 1
-- description: source.jsonl files that could not be read.
-- kind: view
SELECT file, 1 AS line, reason, raw
FROM staging.exports
WHERE reason IS NOT NULL
