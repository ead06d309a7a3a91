-- SPEC.md 3, 3 quantiles of 2 examples. Feature 1, boundaries 2 and 2.5: quantile 1 holds values up to 2: prompts 1 and 2 (2 each: the smaller prompt
-- first) and not 0; quantile 2 is empty; quantile 3 holds 4 and 3, which tie. A silent example (null) is none. Feature 2 has fewer than 3: all, in
-- ascending order of (maximum, prompt).
-- set sampling.quantiles = 3
-- set sampling.per_quantile = 2
-- given staging.activation_examples: feature_id BIGINT, prompt_id BIGINT, num_activations BIGINT, max_activation FLOAT, max_position INTEGER
(1, 0, 1, 1, 5), (1, 2, 1, 2, 6), (1, 1, 1, 2, 7), (1, 4, 1, 3, 8), (1, 3, 1, 3, 9), (1, 5, 0, NULL, NULL), (2, 8, 1, 5, 0), (2, 7, 1, 5, 1),
-- given analysis.activation_quantiles: feature_id BIGINT, num_active BIGINT, boundaries DOUBLE[]
(1, 5, [2, 2.5]), (2, 2, []),
-- expect: feature_id, prompt_id, quantile, rank, sample_order, max_activation, max_position
(1, 1, 1, 1, 1, 2, 7), (1, 2, 1, 2, 2, 2, 6), (1, 3, 3, 1, 3, 3, 9), (1, 4, 3, 2, 4, 3, 8), (2, 7, 1, 1, 1, 5, 1), (2, 8, 2, 1, 2, 5, 0),
