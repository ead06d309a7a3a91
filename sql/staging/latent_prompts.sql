-- version: 2
-- description: The prompts of a latents cache: a row of `tokens` each, its strings by the tokenizer.
-- key: prompt_id
-- column prompt_id: 0-based row
-- column token_ids: the ids that the model read
-- column tokens: what each id decodes to by itself; without a tokenizer what score files show
--   (staging.judged_tokens), else <id>
WITH shown AS (
    SELECT list(t.token ORDER BY i.id) AS strings
    FROM range((SELECT coalesce(max(token_id) + 1, 0) FROM staging.judged_tokens)) i(id)
    LEFT JOIN staging.judged_tokens t ON t.token_id = i.id
),

named AS (
    SELECT
        p.file,
        p.prompt_id,
        p.token_ids,
        CASE
            WHEN p.tokens IS NOT NULL THEN p.tokens
            ELSE list_transform(p.token_ids, lambda id: coalesce(s.strings[greatest(id, -1) + 1], '<' || id || '>'))
        END AS tokens
    FROM raw.latent_prompts p
    CROSS JOIN shown s
)

SELECT file, prompt_id, token_ids, tokens, len(tokens)::INTEGER AS num_tokens
FROM named
