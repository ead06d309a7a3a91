-- version: 1
-- description: What is around the place where a feature fires: of each sampled example the tokens of
--   the embedding window that are not in the n-gram window.
-- key: feature_id, prompt_id
-- column feature_id: the feature
-- column prompt_id: the example's prompt
-- column ngram_start: 0-based position of the n-gram window's first token
-- column ngram_end: 0-based position after its last token
-- column positions: 0-based positions of the surrounding tokens
-- column tokens: these tokens
WITH windows AS (
    SELECT
        w.feature_id,
        w.prompt_id,
        w.first_position AS ngram_start,
        w.first_position + len(w.tokens) AS ngram_end,
        window_start(s.max_position, p.num_tokens, $windows_embedding_tokens, $windows_edge) AS window_start,
        window_end(s.max_position, p.num_tokens, $windows_embedding_tokens, $windows_edge) AS window_end,
        p.tokens
    FROM analysis.samples s
    JOIN analysis.ngram_windows w ON w.feature_id = s.feature_id AND w.prompt_id = s.prompt_id
    JOIN staging.prompts p ON p.prompt_id = s.prompt_id
)

SELECT
    feature_id,
    prompt_id,
    ngram_start,
    ngram_end,
    range(window_start, least(window_end, ngram_start)) || range(greatest(window_start, ngram_end), window_end)
        AS positions,
    coalesce(tokens[window_start + 1 : least(window_end, ngram_start)], [])
        || coalesce(tokens[greatest(window_start, ngram_end) + 1 : window_end], []) AS tokens
FROM windows
