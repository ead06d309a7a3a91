-- version: 1
-- description: Scored examples that were not taken, and those of second files of a
--   (source, method, feature). `line` is the place in the file's array; the records of second files stand in
--   staging.score_records.
-- kind: view
SELECT file, line, reason, raw
FROM staging.score_records
WHERE status = 'quarantined'
UNION ALL
SELECT r.file, r.line, 'duplicate (source, method, feature)' AS reason, NULL AS raw
FROM staging.score_records r
JOIN staging.score_files f ON f.file = r.file
WHERE r.status = 'kept' AND NOT f.counts
