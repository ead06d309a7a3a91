-- The pairs with the decoder similarity of their neighbour, of the default model alone; ties stay, nothing is null.
-- given analysis.neighbour_pairs: model VARCHAR, feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT, prompt_id BIGINT, quantile INTEGER, neighbour_prompt_id BIGINT, neighbour_quantile INTEGER, similarity FLOAT
('m', 1, 1, 7, 10, 1, 20, 2, 0.5), ('m', 1, 1, 7, 11, 2, 20, 2, 0.5), ('n', 1, 1, 7, 10, 1, 20, 2, 0.25),
-- given staging.default_model: model VARCHAR
('m'),
-- given analysis.selected_neighbours: feature_id BIGINT, neighbour_order INTEGER, cosine_similarity FLOAT
(1, 1, 0.75),
-- expect: feature_id, prompt_id, quantile, neighbour_id, neighbour_prompt_id, neighbour_quantile, decoder_similarity, semantic_similarity
(1, 10, 1, 7, 20, 2, 0.75, 0.5), (1, 11, 2, 7, 20, 2, 0.75, 0.5),
