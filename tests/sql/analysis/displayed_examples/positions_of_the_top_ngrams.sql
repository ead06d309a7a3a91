-- SPEC-NEXT.md 2: of each quantile the examples of rank at most 2. The character n-gram occurs twice in one token and
-- once before it: by position, then offset. Prompt 11 ties with 10 in its maximum and holds neither n-gram: empty
-- lists, not nulls. Prompt 12 is of rank 3, feature 2 is not displayed.
-- set display.per_quantile = 2
-- given analysis.shared_ngrams: feature_id BIGINT, kind VARCHAR, places STRUCT(prompt_id BIGINT, position INTEGER, char_offset INTEGER)[]
(1, 'characters', [(10, 5, 3), (10, 5, 0), (10, 4, 1)]), (1, 'words', [(10, 4, NULL)]),
-- given analysis.samples: feature_id BIGINT, sample_order INTEGER, prompt_id BIGINT, quantile INTEGER, rank INTEGER, max_activation FLOAT, max_position INTEGER
(1, 1, 10, 1, 1, 2, 5), (1, 2, 11, 1, 2, 2, 0), (1, 3, 12, 1, 3, 1, 0), (2, 1, 10, 1, 1, 1, 0),
-- given analysis.display_patterns: feature_id BIGINT
(1),
-- given staging.activation_examples: feature_id BIGINT, prompt_id BIGINT, positions BIGINT[], activations FLOAT[]
(1, 10, [5, 4], [2, 1]), (1, 11, [0], [2]), (1, 12, [0], [1]), (2, 10, [0], [1]),
-- expect: feature_id, sample_order, prompt_id, quantile, max_activation, max_position, positions, activations, char_positions, word_positions
(1, 1, 10, 1, 2, 5, [5, 4], [2, 1],
    [{'token_position': 4, 'char_offset': 1}, {'token_position': 5, 'char_offset': 0}, {'token_position': 5, 'char_offset': 3}], [4]),
(1, 2, 11, 1, 2, 0, [0], [2], [], []),
