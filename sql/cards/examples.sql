-- version: 2
-- description: A feature's card: its sampled examples, the highest quantile first, each with the window
--   that is embedded.
-- argument feature: the feature's id
-- column first_position: 0-based position in the prompt of the window's first token
-- column activations: by token of the window, null where the feature is silent
-- column ngram_position: 0-based position in the prompt of the n-gram window's first token
-- column ngram_tokens: tokens of the n-gram window
WITH cut AS (
    SELECT
        s.quantile,
        s.rank,
        s.prompt_id,
        s.max_activation,
        s.max_position,
        p.num_tokens,
        window_start(s.max_position, p.num_tokens, $windows_embedding_tokens, $windows_edge)::INTEGER AS first_position,
        token_window(p.tokens, s.max_position, $windows_embedding_tokens, $windows_edge) AS tokens,
        e.positions,
        e.activations,
        window_start(s.max_position, p.num_tokens, $windows_ngram_tokens, $windows_edge)::INTEGER AS ngram_position,
        len(token_window(p.tokens, s.max_position, $windows_ngram_tokens, $windows_edge)) AS ngram_tokens
    FROM analysis.samples s
    JOIN staging.activation_examples e ON e.feature_id = s.feature_id AND e.prompt_id = s.prompt_id
    JOIN staging.prompts p ON p.prompt_id = s.prompt_id
    WHERE s.feature_id = $feature
)

SELECT
    quantile,
    rank,
    prompt_id,
    max_activation,
    max_position,
    num_tokens,
    first_position,
    tokens,
    list_transform(
        range(first_position, first_position + len(tokens)),
        lambda i: activations[list_position(positions, i)]
    ) AS activations,
    ngram_position,
    ngram_tokens
FROM cut
ORDER BY quantile DESC, rank
