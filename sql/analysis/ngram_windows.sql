-- version: 3
-- description: The n-gram window of each sampled example, in the prompt's first 65,536 tokens: positions
--   are 16-bit numbers.
-- key: feature_id, prompt_id
-- column feature_id: the feature
-- column prompt_id: 0-based place in prompts.json
-- column sample_order: 1-based place inside the feature's sample: by quantile, then rank
-- column quantile: 1-based quantile of max_activation
-- column rank: 1-based place inside the quantile
-- column first_position: 0-based position in the prompt of the window's first token
-- column tokens: the window's tokens
SELECT
    s.feature_id,
    s.prompt_id,
    s.sample_order,
    s.quantile,
    s.rank,
    window_start(
        s.max_position, least(p.num_tokens, 65536), $windows_ngram_tokens, $windows_edge
    )::INTEGER AS first_position,
    token_window(
        CASE WHEN p.num_tokens > 65536 THEN p.tokens[:65536] ELSE p.tokens END,
        s.max_position,
        $windows_ngram_tokens,
        $windows_edge
    ) AS tokens
FROM analysis.samples s
JOIN staging.prompts p ON p.prompt_id = s.prompt_id
