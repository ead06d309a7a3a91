-- SPEC.md 3: one example per quantile of either side, every pair of them: feature 1 has two, neighbour 2 one. (3, 4) and
-- (4, 3): 24/25; a zero vector: 0, not null. Prompt 12 is of rank 2. Feature 2's own neighbour is 1: the same pairs turned
-- (they tie).
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, quantile INTEGER, sample_order INTEGER, rank INTEGER
(1, 10, 1, 1, 1), (1, 12, 1, 2, 2), (1, 11, 2, 3, 1), (2, 20, 1, 1, 1),
-- given analysis.selected_neighbours: feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT
(1, 1, 2), (2, 1, 1),
-- given texts.windows: feature_id BIGINT, prompt_id BIGINT, text_key VARCHAR
(1, 10, 'a'), (1, 11, 'zero'), (1, 12, 'a'), (2, 20, 'b'),
-- given vectors.windows: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'a', [3, 4]), ('m', 'b', [4, 3]), ('m', 'zero', [0, 0]),
-- expect: model, feature_id, neighbour_order, neighbour_id, sample_order, prompt_id, quantile, neighbour_sample_order, neighbour_prompt_id, neighbour_quantile, similarity
('m', 1, 1, 2, 1, 10, 1, 1, 20, 1, 0.96), ('m', 1, 1, 2, 3, 11, 2, 1, 20, 1, 0),
('m', 2, 1, 1, 1, 20, 1, 1, 10, 1, 0.96), ('m', 2, 1, 1, 1, 20, 1, 3, 11, 2, 0),
