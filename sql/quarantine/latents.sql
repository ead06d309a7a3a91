-- version: 1
-- description: Entries and splits of a latents cache that were not taken.
-- kind: view
SELECT file, coalesce(line, 1) AS line, reason, raw
FROM staging.latents
WHERE status = 'quarantined'
