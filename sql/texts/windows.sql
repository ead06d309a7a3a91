-- version: 1
-- description: The embedding window of each sampled example: its tokens joined by a space.
-- key: feature_id, prompt_id
WITH windows AS (
    SELECT
        s.feature_id,
        s.prompt_id,
        s.sample_order,
        array_to_string(
            token_window(p.tokens, s.max_position, $windows_embedding_tokens, $windows_edge), ' '
        ) AS text
    FROM analysis.samples s
    JOIN staging.prompts p ON p.prompt_id = s.prompt_id
)

SELECT feature_id, prompt_id, sample_order, text_key(text) AS text_key, text
FROM windows
ORDER BY feature_id, sample_order
