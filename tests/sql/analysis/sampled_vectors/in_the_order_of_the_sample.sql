-- Windows of one text (a tie) share a vector; the lists follow the sample's order, not the prompts'. There is no null.
-- given texts.windows: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, text_key VARCHAR
(1, 9, 1, 'a'), (1, 3, 2, 'b'), (1, 5, 3, 'a'),
-- given vectors.windows: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'a', [1, 0]), ('m', 'b', [0, 1]),
-- expect: model, feature_id, prompt_ids, vectors
('m', 1, [9, 3, 5], [[1, 0], [0, 1], [1, 0]]),
