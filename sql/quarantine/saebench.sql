-- version: 1
-- description: Latents of SAEBench's results that were not taken, and files that hold none.
-- kind: view
SELECT file, line, reason, raw
FROM staging.saebench
WHERE status = 'quarantined'
