-- version: 3
-- description: The one spelling of the SAE id that all data carries.
SELECT coalesce(
    sae_name(nullif($sae_id, '')),
    (SELECT arg_min(sae_id, source) FROM staging.run_configs WHERE sae_id IS NOT NULL),
    (SELECT min(sae_id) FROM staging.exports),
    (SELECT min(sae_id) FROM staging.saebench)
) AS sae_id
