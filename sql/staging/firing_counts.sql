-- version: 1
-- description: How often each latent of the hookpoint fired by Delphi's own count, which is over 0
--   where the cache is over 1e-5; and what of the file could not be read.
-- key: file, feature_id
SELECT file, line, problem AS reason, hookpoint, feature_id, firing_count
FROM raw.firing_counts
WHERE problem IS NOT NULL
    OR hookpoint = coalesce(nullif($input_hookpoint, ''), (SELECT min(hookpoint) FROM staging.run_configs))
