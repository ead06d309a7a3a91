-- version: 3
-- description: The SAE has one id.
-- hint: keep the sources of one SAE in raw/, or name it: --set
--   sae_id="google/gemma-scope-9b-pt-res/layer_30/width_16k/average_l0_120"
SELECT 'no run_config.json names the SAE (sparse_model, hookpoints), and no source.jsonl (modelId, id)' AS message
FROM staging.sae
WHERE sae_id IS NULL
UNION ALL
SELECT 'the run_configs name several SAEs: '
    || string_agg(DISTINCT '"' || sae_id || '"', ', ' ORDER BY '"' || sae_id || '"') AS message
FROM (SELECT sae_id FROM staging.run_configs UNION ALL SELECT sae_id FROM staging.exports)
WHERE $sae_id = ''
HAVING count(DISTINCT sae_id) > 1
UNION ALL
SELECT 'the results of SAEBench are of several SAEs: '
    || string_agg(DISTINCT '"' || sae_id || '"', ', ' ORDER BY '"' || sae_id || '"') AS message
FROM staging.saebench
WHERE $sae_id = ''
HAVING count(DISTINCT sae_id) > 1
