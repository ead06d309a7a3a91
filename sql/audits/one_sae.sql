-- version: 3
-- description: The sources are all of one SAE and one hookpoint.
-- severity: warning
SELECT 'the run_configs name several SAEs (' || string_agg(DISTINCT sae_id, ', ' ORDER BY sae_id)
    || '): setting "sae_id" takes them all as one' AS message
FROM staging.run_configs
WHERE $sae_id <> ''
HAVING count(DISTINCT sae_id) > 1
UNION ALL
SELECT '"' || min(file) || '" lists ' || max(hookpoints) || ' hookpoints (as do '
    || count(*)
    || ' run_configs in all), and its files name none of them: all are taken for those of the first' AS message
FROM staging.run_configs
WHERE hookpoints > 1 AND $input_hookpoint = ''
HAVING count(*) > 0
