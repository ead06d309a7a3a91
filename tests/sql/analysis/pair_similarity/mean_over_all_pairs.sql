-- SPEC-NEXT.md 3: feature 1's mean unit vector is (0.3, 0.9) of 2 windows; the neighbour's windows (1, 0), (0, 2) and a zero vector (0,
-- not null) give 0.3, 0.9, 0: the mean is 0.4 of 2 * 3 pairs. The window of rank 3 is out. Neighbour 3: (-1, 0), twice (a tie): -0.3
-- stays negative.
-- set pairs.per_quantile = 2
-- given analysis.mean_windows: model VARCHAR, feature_id BIGINT, num_examples INTEGER, vector DOUBLE[]
('m', 1, 2, [0.3, 0.9]),
-- given analysis.selected_neighbours: feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT
(1, 1, 2), (1, 2, 3),
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, rank INTEGER
(2, 0, 1, 1), (2, 1, 2, 2), (2, 2, 3, 3), (2, 3, 4, 1), (3, 0, 1, 1), (3, 1, 2, 1),
-- given texts.windows: feature_id BIGINT, prompt_id BIGINT, text_key VARCHAR
(2, 0, 'a'), (2, 1, 'b'), (2, 2, 'a'), (2, 3, 'zero'), (3, 0, 'c'), (3, 1, 'c'),
-- given vectors.windows: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'a', [1, 0]), ('m', 'b', [0, 2]), ('m', 'zero', [0, 0]), ('m', 'c', [-1, 0]),
-- expect: model, feature_id, neighbour_order, neighbour_id, comparisons, similarity
('m', 1, 1, 2, 6, 0.4), ('m', 1, 2, 3, 4, -0.3),
