-- SPEC.md 3, matching. Contexts (1, 0) and (0, 1): mean (0.5, 0.5); the phrase (3, 4): 3.5 / (5 * sqrt(0.5)) = 7 / (5 sqrt(2)). Contexts (1, 0) and
-- (-1, 0) have no mean direction, and a zero phrase has none: 0, not null. Phrases 0 and 2 are of one text: they tie.
-- given analysis.candidate_phrases: model VARCHAR, feature_id BIGINT, candidate_order INTEGER, text_key VARCHAR
('m', 1, 0, 'p'), ('m', 1, 1, 'zero'), ('m', 1, 2, 'p'), ('m', 2, 0, 'p'),
-- given vectors.phrases: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'p', [3, 4]), ('m', 'zero', [0, 0]),
-- given analysis.context_vectors: model VARCHAR, feature_id BIGINT, method VARCHAR, vector FLOAT[]
('m', 1, 'lexical', [1, 0]), ('m', 1, 'lexical', [0, 1]), ('m', 1, 'semantic', [1, 0]), ('m', 1, 'semantic', [-1, 0]),
-- given analysis.context_lengths: model VARCHAR, feature_id BIGINT, method VARCHAR, length DOUBLE
('m', 1, 'lexical', 1.4142135623730951), ('m', 1, 'semantic', 0),
-- expect: model, feature_id, method, candidate_order, similarity
('m', 1, 'lexical', 0, 7 / (5 * sqrt(2))), ('m', 1, 'lexical', 1, 0), ('m', 1, 'lexical', 2, 7 / (5 * sqrt(2))),
('m', 1, 'semantic', 0, 0), ('m', 1, 'semantic', 1, 0), ('m', 1, 'semantic', 2, 0),
