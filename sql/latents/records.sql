-- version: 1
-- description: The records of a part of a latents cache: one row per (latent, prompt) with an
--   activation. `part.entries` holds one row per entry of the cache.
-- key: feature_id, prompt_id
-- column windows: the windows of windows.embedding_tokens tokens with an activation
SELECT
    feature_id,
    prompt_id,
    count(*) AS num_activations,
    max(activation) AS max_activation,
    sum(activation::DOUBLE) AS total,
    count(DISTINCT position // $windows_embedding_tokens) AS num_windows
FROM part.entries
GROUP BY feature_id, prompt_id
