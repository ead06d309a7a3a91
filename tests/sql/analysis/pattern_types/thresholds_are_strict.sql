-- SPEC.md 3, both thresholds 0.25. Feature 1: its similarity ties with the threshold: not semantic; n = 2 is selected (it ties with n = 3).
-- Feature 2: semantic; its largest Jaccard 0.25 (a tie) is at n = 4, which has no top n-gram: null. Feature 3: both. Feature 4 has one
-- example: all null, none. Feature 5 is not explained.
-- set patterns.semantic_threshold = 0.25
-- set patterns.lexical_threshold = 0.25
-- given staging.features: feature_id BIGINT, num_explanations BIGINT
(1, 2), (2, 1), (3, 1), (4, 1), (5, 0),
-- given staging.embedding_models: model VARCHAR
('m'),
-- given analysis.activation_similarity: model VARCHAR, feature_id BIGINT, mean_similarity FLOAT
('m', 1, 0.25), ('m', 2, 0.5), ('m', 3, 0.5), ('m', 4, NULL), ('m', 5, 1),
-- given analysis.ngrams_long: feature_id BIGINT, ngram_size INTEGER, mean_jaccard FLOAT, is_selected BOOLEAN
(1, 2, 0.5, true), (1, 3, 0.5, false), (1, 4, 0.125, false), (2, 2, 0, false), (2, 4, 0.25, true), (3, 3, 1, true), (3, 2, 0.5, false), (4, 2, NULL, false), (5, 2, 1, true),
-- given analysis.top_ngrams: feature_id BIGINT, n INTEGER, ngram VARCHAR, count BIGINT, occurrences STRUCT(prompt_id BIGINT, positions INTEGER[])[]
(1, 2, 'ab', 3, [(0, [1])]), (1, 3, 'abc', 2, [(0, [1])]), (2, 2, 'xy', 2, []), (3, 3, 'the', 4, [(9, [2, 3])]),
-- expect: model, feature_id, pattern_type, is_semantic, is_lexical, mean_similarity, max_jaccard, selected_n, selected_ngram, selected_count, selected_occurrences
('m', 1, 'lexical', false, true, 0.25, 0.5, 2, 'ab', 3, [{'prompt_id': 0, 'positions': [1]}]),
('m', 2, 'semantic', true, false, 0.5, 0.25, NULL, NULL, NULL, NULL),
('m', 3, 'both', true, true, 0.5, 1, 3, 'the', 4, [{'prompt_id': 9, 'positions': [2, 3]}]),
('m', 4, 'none', false, false, NULL, NULL, NULL, NULL, NULL, NULL),
