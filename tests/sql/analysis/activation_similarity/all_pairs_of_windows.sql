-- SPEC.md 3, pairwise activation similarity: mean, sample standard deviation (null for fewer than 3), min and
-- max over all unordered pairs; all null for fewer than 2 examples; a zero vector has similarity 0 to all.
-- Feature 1: pairs 0, 1, 0 (two windows are the same: a tie): mean 1/3, deviation sqrt((1/9 + 4/9 + 1/9) / 2).
-- Feature 2: (3, 4) and (4, 3): 24/25.
-- given analysis.sampled_vectors: model VARCHAR, feature_id BIGINT, vectors FLOAT[][]
('m', 1, [[1, 0], [0, 1], [1, 0]]),
('m', 2, [[3, 4], [4, 3]]),
('m', 3, [[1, 0]]),
('m', 4, [[0, 0], [1, 0]]),
('n', 2, [[1, 0], [-2, 0]]),
-- expect: model, feature_id, num_examples, mean_similarity, std_similarity, min_similarity, max_similarity
('m', 1, 3, 1/3, sqrt(1/3), 0, 1),
('m', 2, 2, 0.96, NULL, 0.96, 0.96),
('m', 3, 1, NULL, NULL, NULL, NULL),
('m', 4, 2, 0, NULL, 0, 0),
('n', 2, 2, -1, NULL, -1, -1),
