-- Of the default model alone. Two windows of one text (a tie of keys) share a vector. A window without a vector has no
-- row, and so no null.
-- given texts.windows: feature_id BIGINT, sample_order INTEGER, prompt_id BIGINT, text VARCHAR, text_key VARCHAR
(1, 1, 4, 'a b', 'k'), (1, 2, 5, 'a b', 'k'), (2, 1, 4, 'c', 'none'),
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, quantile INTEGER, max_activation FLOAT
(1, 4, 1, 2), (1, 5, 3, 2), (2, 4, 1, 1),
-- given vectors.windows: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'k', [1, 2]), ('n', 'k', [3, 4]),
-- given staging.default_model: model VARCHAR
('m'),
-- expect: feature_id, sample_order, prompt_id, quantile, max_activation, text, embedding
(1, 1, 4, 1, 2, 'a b', [1, 2]), (1, 2, 5, 3, 2, 'a b', [1, 2]),
