-- version: 1
-- description: The kept records of a latents cache, as activation examples.
-- kind: view
-- key: feature_id, prompt_id
SELECT
    feature_id,
    record.prompt_id AS prompt_id,
    len(record.positions)::INTEGER AS num_activations,
    list_max(record.activations) AS max_activation,
    record.positions[list_position(record.activations, list_max(record.activations))]::INTEGER AS max_position,
    record.positions AS positions,
    record.activations AS activations
FROM (
    SELECT feature_id, unnest(records) AS record
    FROM staging.latents
    WHERE status = 'kept'
)
