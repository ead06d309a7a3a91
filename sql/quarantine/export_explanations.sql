-- version: 1
-- description: Explanations of an export that were not taken.
-- kind: view
SELECT file, line, reason, raw
FROM staging.export_explanations
WHERE status = 'quarantined'
