-- Cosine of (3, 4) and (4, 3) is 24/25; the same text twice (a tie) is 1; a zero vector is 0 to all, never null. Feature 3
-- has one explainer: no pair.
-- given analysis.explanations: feature_id BIGINT, explainer_order INTEGER, explainer VARCHAR, text_key VARCHAR
(1, 0, 'A', 'k1'), (1, 1, 'B', 'k2'), (2, 0, 'A', 'k1'), (2, 1, 'B', 'k1'), (2, 2, 'C', 'k0'), (3, 0, 'A', 'k1'),
-- given vectors.explanations: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'k1', [3, 4]), ('m', 'k2', [4, 3]), ('m', 'k0', [0, 0]),
-- expect: model, feature_id, explainer_order, other_order, other_explainer, similarity
('m', 1, 0, 1, 'B', 0.96), ('m', 1, 1, 0, 'A', 0.96),
('m', 2, 0, 1, 'B', 1), ('m', 2, 1, 0, 'A', 1),
('m', 2, 0, 2, 'C', 0), ('m', 2, 2, 0, 'A', 0), ('m', 2, 1, 2, 'C', 0), ('m', 2, 2, 1, 'B', 0),
