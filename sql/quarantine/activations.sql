-- version: 1
-- description: Activation records that were not taken, with the reason and the text of the line.
-- kind: view
SELECT file, line, reason, raw
FROM staging.activation_records
WHERE status = 'quarantined'
