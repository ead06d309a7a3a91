-- Phrases 0 and 1 are of one explainer: no pair. (3, 4) and (4, 3): 24/25, twice (a tie). A zero vector: 0, not null.
-- given analysis.phrases: feature_id BIGINT, phrase_order BIGINT, explainer_order INTEGER, text_key VARCHAR
(1, 0, 0, 'a'), (1, 1, 0, 'a'), (1, 2, 1, 'b'), (1, 3, 2, 'zero'), (2, 0, 0, 'a'),
-- given vectors.phrases: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'a', [3, 4]), ('m', 'b', [4, 3]), ('m', 'zero', [0, 0]),
-- expect: model, feature_id, phrase_order, later_order, similarity
('m', 1, 0, 2, 0.96), ('m', 1, 1, 2, 0.96), ('m', 1, 0, 3, 0), ('m', 1, 1, 3, 0), ('m', 1, 2, 3, 0),
