-- version: 1
-- description: Files of firing counts that could not be read.
-- kind: view
SELECT file, line, reason, NULL::VARCHAR AS raw
FROM staging.firing_counts
WHERE reason IS NOT NULL
