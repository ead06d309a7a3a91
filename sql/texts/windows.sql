-- version: 2
-- description: The embedding window of each sampled example: its tokens, or its words, joined by a space.
-- key: feature_id, prompt_id
WITH windows AS (
    SELECT
        s.feature_id,
        s.prompt_id,
        s.sample_order,
        window_text(
            token_window(p.tokens, s.max_position, $windows_embedding_tokens, $windows_edge), $windows_text, m.marker
        ) AS text
    FROM analysis.samples s
    JOIN staging.prompts p ON p.prompt_id = s.prompt_id
    CROSS JOIN staging.token_marker m
)

SELECT feature_id, prompt_id, sample_order, text_key(text) AS text_key, text
FROM windows
ORDER BY feature_id, sample_order
