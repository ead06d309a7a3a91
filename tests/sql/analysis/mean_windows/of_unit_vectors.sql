-- SPEC-NEXT.md 3: the mean of unit vectors of the windows of rank at most 2. Feature 1: (3, 4) / 5 and (0, 2) / 2: mean (0.3,
-- 0.9); its third window is out. Feature 2: a zero vector counts as zeros, not null: (1, 0) / 2. Feature 3: zeros alone.
-- Feature 4 has no selected neighbour. Equal windows (a tie) count twice: feature 5.
-- set pairs.per_quantile = 2
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, rank INTEGER
(1, 0, 1), (1, 1, 2), (1, 2, 3), (2, 0, 1), (2, 1, 1), (3, 0, 1), (4, 0, 1), (5, 0, 1), (5, 1, 2), (5, 2, 1),
-- given analysis.selected_neighbours: feature_id BIGINT
(1), (1), (2), (3), (5),
-- given texts.windows: feature_id BIGINT, prompt_id BIGINT, text_key VARCHAR
(1, 0, 'a'), (1, 1, 'b'), (1, 2, 'c'), (2, 0, 'zero'), (2, 1, 'c'), (3, 0, 'zero'), (4, 0, 'a'), (5, 0, 'c'), (5, 1, 'c'), (5, 2, 'b'),
-- given vectors.windows: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'a', [3, 4]), ('m', 'b', [0, 2]), ('m', 'c', [1, 0]), ('m', 'zero', [0, 0]),
-- given staging.embedding_models: model VARCHAR, model_order INTEGER
('m', 0),
-- expect: model, feature_id, num_examples, vector
('m', 1, 2, [0.3, 0.9]), ('m', 2, 2, [0.5, 0]), ('m', 3, 1, [0, 0]), ('m', 5, 3, [2/3, 1/3]),
