-- SPEC.md 4.4: one row for every feature that has a record, empty lists (not null) when it is silent everywhere; feature 3 has no record. Of the default model alone. Two equal vectors (a tie) stay two.
-- given analysis.sampled_vectors: model VARCHAR, feature_id BIGINT, prompt_ids BIGINT[], vectors FLOAT[][]
('m', 1, [9, 3], [[1, 0], [1, 0]]), ('n', 1, [9, 3], [[2, 2], [2, 2]]),
-- given staging.default_model: model VARCHAR
('m'),
-- given staging.features: feature_id BIGINT, num_examples BIGINT
(2, 1), (1, 5), (3, 0),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- expect: feature_id, sae_id, prompt_ids, embeddings
(1, 'sae/x', [9, 3], [[1, 0], [1, 0]]), (2, 'sae/x', [], []),
