-- version: 1
-- description: How often each latent of the hookpoint fired by Delphi's own count, which is over 0
--   where the cache is over 1e-5; and what of the file could not be read.
-- key: file, feature_id
WITH named AS (
    SELECT coalesce(nullif($input_hookpoint, ''), (SELECT min(hookpoint) FROM staging.run_configs)) AS hookpoint
)

SELECT c.file, c.line, c.problem AS reason, c.hookpoint, c.feature_id, c.firing_count
FROM raw.firing_counts c
LEFT JOIN named n ON n.hookpoint = c.hookpoint
WHERE c.problem IS NOT NULL OR n.hookpoint IS NOT NULL
