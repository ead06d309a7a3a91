-- version: 1
-- description: Features of an export that were not taken.
-- kind: view
SELECT file, line, reason, raw
FROM staging.export_features
WHERE status = 'quarantined'
