-- version: 4
-- description: The ledger: every file seen, what was in it and what became of it.
-- kind: view
-- key: file
-- column records: lines of a JSON-lines file, items of a JSON array, entries of a latents cache, 1 for
--   other files
-- column merged: records that repeat a kept one with equal values
-- column dialect: the spellings its records were read in
-- column status: read, not read, unreadable
SELECT
    f.name AS file,
    coalesce(nullif(split_part(f.input, '.', 2), ''), 'other') AS input,
    f.source,
    f.method,
    f.bytes,
    f.hash,
    c.dialect,
    coalesce(c.records, CASE WHEN f.input IN ('raw.decoder', 'raw.tokenizer') THEN 1 ELSE 0 END) AS records,
    coalesce(q.quarantined, 0) AS quarantined,
    coalesce(c.outside_scope, 0) AS outside_scope,
    coalesce(c.merged, 0) AS merged,
    f.status,
    f.note
FROM _warehouse.files f
LEFT JOIN staging.file_counts c ON c.file = f.name
LEFT JOIN (
    SELECT file, count(*) AS quarantined FROM quarantine.records GROUP BY file
) q ON q.file = f.name
