-- version: 3
-- description: The prompts: tokenised texts.
-- kind: view
-- hash: content
-- key: prompt_id
SELECT prompt_id, num_tokens, tokens
FROM staging.prompt_records
WHERE reason IS NULL
UNION ALL
SELECT prompt_id, num_tokens, tokens
FROM staging.record_prompts
UNION ALL
SELECT prompt_id, num_tokens, tokens
FROM staging.latent_prompts
