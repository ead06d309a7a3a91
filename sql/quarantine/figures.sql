-- version: 1
-- description: Rows of own figures and tags that were not taken.
-- kind: view
SELECT file, line, reason, raw
FROM staging.figure_values
WHERE status = 'quarantined'
