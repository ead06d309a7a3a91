-- version: 2
-- description: The activation examples: one (feature, prompt) with its activation pairs, silent ones
--   (no pair) too.
-- kind: view
-- hash: content
-- key: feature_id, prompt_id
SELECT
    feature_id,
    prompt_id,
    num_activations,
    max_activation,
    max_position,
    positions,
    activations
FROM staging.activation_records
WHERE status = 'kept'
UNION ALL
SELECT feature_id, prompt_id, num_activations, max_activation, max_position, positions, activations
FROM staging.latent_records
