-- version: 1
-- description: The string of each token id of a latents cache.
-- key: token_id
SELECT DISTINCT unnest(token_ids) AS token_id, unnest(tokens) AS token
FROM staging.latent_prompts
