-- version: 1
-- description: The prompts of a latents cache: a row of `tokens` each, its strings by the tokenizer.
-- key: prompt_id
-- column prompt_id: 0-based row
-- column token_ids: the ids that the model read
-- column tokens: what each id decodes to by itself; <id> without a tokenizer
SELECT file, prompt_id, token_ids, tokens, len(tokens)::INTEGER AS num_tokens
FROM raw.latent_prompts
