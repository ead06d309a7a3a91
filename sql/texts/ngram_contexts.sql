-- version: 2
-- description: Lexical contexts: of a lexical feature with aligned phrases the n-gram windows of the
--   first sampled examples in which its selected n-gram occurs, tokens or words joined by a space.
-- key: model, feature_id, context_order
WITH occurring AS (
    SELECT model, feature_id, unnest(selected_occurrences).prompt_id AS prompt_id
    FROM analysis.pattern_types
    WHERE is_lexical AND selected_n IS NOT NULL
),

contexts AS (
    SELECT
        o.model,
        o.feature_id,
        (row_number() OVER (PARTITION BY o.model, o.feature_id ORDER BY w.sample_order))::INTEGER AS context_order,
        window_text(w.tokens, $windows_text, m.marker) AS text
    FROM occurring o
    JOIN analysis.ngram_windows w ON w.feature_id = o.feature_id AND w.prompt_id = o.prompt_id
    CROSS JOIN staging.token_marker m
    SEMI JOIN analysis.alignment_groups g ON g.model = o.model AND g.feature_id = o.feature_id
    QUALIFY context_order <= $matching_ngram_examples
)

SELECT model, feature_id, context_order, text_key(text) AS text_key, text
FROM contexts
