-- SPEC-NEXT.md 2, with both thresholds where figures can tie with them: feature 2 ties with both and is None.
-- Feature 3 is lexical by words alone. Feature 4 shares no n-gram (null). Feature 5 has too few examples. Figures of
-- another embedding model are not read.
-- set display.semantic_threshold = 0.25
-- set display.lexical_threshold = 0.5
-- given analysis.shared_ngrams: feature_id BIGINT, kind VARCHAR, share DOUBLE, ngram VARCHAR
(1, 'characters', 1, 'jury'), (1, 'words', 0, NULL), (2, 'characters', 0.5, 'x'), (2, 'words', 0.5, 'y'),
(3, 'characters', 0.1, 'ab'), (3, 'words', 0.75, 'the'), (4, 'characters', 0, NULL), (4, 'words', 0, NULL),
(5, 'characters', NULL, NULL), (5, 'words', NULL, NULL),
-- given analysis.activation_similarity: model VARCHAR, feature_id BIGINT, mean_similarity FLOAT, num_examples INTEGER
('m', 1, 0.5, 4), ('m', 2, 0.25, 4), ('m', 3, 0.25, 4), ('m', 4, 0.5, 2), ('m', 5, NULL, 1), ('n', 3, 1, 4),
-- given staging.default_model: model VARCHAR
('m'),
-- expect: feature_id, pattern_type, semantic_similarity, char_share, word_share, char_ngram, word_ngram
(1, 'Both', 0.5, 1, 0, 'jury', NULL),
(2, 'None', 0.25, 0.5, 0.5, 'x', 'y'),
(3, 'Lexical', 0.25, 0.1, 0.75, 'ab', 'the'),
(4, 'Semantic', 0.5, 0, 0, NULL, NULL),
