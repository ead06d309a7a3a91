-- SPEC-NEXT.md 2: quantile_index = quantile - 1; tokens are forms, as many as the prompt has (one is empty); pairs as in the record (they tie). No n-gram: null texts, empty positions.
-- given staging.prompts: prompt_id BIGINT, tokens VARCHAR[]
(10, ['▁the', '▁', '▁jury']), (11, ['unread']),
-- given analysis.displayed_examples: feature_id BIGINT, sample_order INTEGER, prompt_id BIGINT, quantile INTEGER, max_activation FLOAT, max_position INTEGER, positions BIGINT[], activations FLOAT[], char_positions STRUCT(token_position INTEGER, char_offset INTEGER)[], word_positions INTEGER[]
(1, 1, 10, 1, 2, 2, [2, 0], [2, 2], [], []),
-- given staging.token_forms: token VARCHAR, form VARCHAR
('▁the', 'the'), ('▁', ''), ('▁jury', 'jury'),
-- given analysis.display_patterns: feature_id BIGINT, pattern_type VARCHAR, semantic_similarity FLOAT, char_share DOUBLE, word_share DOUBLE, char_ngram VARCHAR, word_ngram VARCHAR
(1, 'Semantic', 0.5, 0, 0, NULL, NULL),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- expect: feature_id, sae_id, pattern_type, semantic_similarity, char_ngram_max_jaccard, word_ngram_max_jaccard, top_char_ngram_text, top_word_ngram_text, quantile_examples
(1, 'sae/x', 'Semantic', 0.5, 0, 0, NULL, NULL, [{'quantile_index': 0, 'prompt_id': 10, 'prompt_tokens': ['the', '', 'jury'],
    'activation_pairs': [{'token_position': 2, 'activation_value': 2}, {'token_position': 0, 'activation_value': 2}],
    'max_activation': 2, 'max_activation_position': 2, 'char_ngram_positions': [], 'word_ngram_positions': []}]),
