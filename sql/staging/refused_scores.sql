-- version: 1
-- description: The records of score files that were not taken: bad ones, and those of second files of
--   one (source, method, feature).
-- kind: view
-- hash: content
-- key: file, line
SELECT file, line, reason, raw
FROM staging.score_records
WHERE status = 'quarantined'
UNION ALL
SELECT r.file, r.line, 'duplicate (source, method, feature)' AS reason, NULL AS raw
FROM staging.score_records r
JOIN staging.score_files f ON f.file = r.file
WHERE r.status = 'kept' AND NOT f.counts
