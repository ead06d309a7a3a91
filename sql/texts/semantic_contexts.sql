-- version: 2
-- description: Semantic contexts: of a semantic feature with aligned phrases the embedding windows of
--   the examples with the largest max_activation (ties: smaller prompt id).
-- key: model, feature_id, context_order
WITH largest AS (
    SELECT
        t.model,
        e.feature_id,
        e.prompt_id,
        e.max_position,
        (row_number() OVER (
            PARTITION BY t.model, e.feature_id ORDER BY e.max_activation DESC, e.prompt_id
        ))::INTEGER AS context_order
    FROM staging.activation_examples e
    JOIN analysis.pattern_types t ON t.feature_id = e.feature_id
    SEMI JOIN analysis.alignment_groups g ON g.model = t.model AND g.feature_id = e.feature_id
    WHERE e.num_activations > 0 AND t.is_semantic
    QUALIFY context_order <= $matching_contexts
),

contexts AS (
    SELECT
        l.model,
        l.feature_id,
        l.context_order,
        window_text(
            token_window(p.tokens, l.max_position, $windows_embedding_tokens, $windows_edge), $windows_text, m.marker
        ) AS text
    FROM largest l
    JOIN staging.prompts p ON p.prompt_id = l.prompt_id
    CROSS JOIN staging.token_marker m
)

SELECT model, feature_id, context_order, text_key(text) AS text_key, text
FROM contexts
