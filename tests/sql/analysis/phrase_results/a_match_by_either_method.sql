-- SPEC.md 3: a phrase matches at or above the threshold 0.5 (a tie is a match), by both methods with the larger similarity; unmatched: null.
-- set matching.threshold = 0.5
-- given analysis.phrase_matching: model VARCHAR, feature_id BIGINT, method VARCHAR, candidate_order INTEGER, similarity FLOAT
('m', 1, 'lexical', 0, 0.5), ('m', 1, 'semantic', 0, 0.75), ('m', 1, 'lexical', 1, 0.5), ('m', 1, 'semantic', 1, 0.25),
('m', 1, 'lexical', 2, 0.25), ('m', 1, 'semantic', 2, 0.375), ('m', 2, 'semantic', 0, 1),
-- given analysis.candidate_phrases: model VARCHAR, feature_id BIGINT, candidate_order INTEGER, explainer VARCHAR, chunk_index INTEGER, text VARCHAR
('m', 1, 0, 'A', 0, 'x'), ('m', 1, 1, 'A', 1, 'y'), ('m', 1, 2, 'B', 0, 'x'), ('m', 2, 0, 'A', 3, 'z'), ('m', 3, 0, 'A', 0, 'untried'),
-- expect: model, feature_id, candidate_order, explainer, chunk_index, text, similarity, match_type
('m', 1, 0, 'A', 0, 'x', 0.75, 'both'), ('m', 1, 1, 'A', 1, 'y', 0.5, 'lexical'), ('m', 1, 2, 'B', 0, 'x', 0.375, NULL), ('m', 2, 0, 'A', 3, 'z', 1, 'semantic'),
