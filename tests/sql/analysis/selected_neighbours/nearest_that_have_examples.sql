-- SPEC.md 3: of the neighbours the 2 nearest with sampled examples: 7 is silent, 6 is no feature here; 8 and 9 tie in similarity and keep their ranks; 5 is
-- the third. Feature 2 is not explained. Nothing is null.
-- set interfeature.neighbours = 2
-- given analysis.decoder_neighbours: feature_id BIGINT, rank INTEGER, neighbour_id BIGINT, cosine_similarity FLOAT
(1, 1, 7, 0.75), (1, 2, 6, 0.625), (1, 3, 9, 0.5), (1, 4, 8, 0.5), (1, 5, 5, 0.25), (2, 1, 8, 1),
-- given staging.features: feature_id BIGINT, num_explanations BIGINT, num_active BIGINT
(1, 1, 3), (2, 0, 3), (5, 0, 1), (7, 1, 0), (8, 0, 1), (9, 1, 1),
-- expect: feature_id, neighbour_order, neighbour_id, cosine_similarity
(1, 1, 9, 0.5), (1, 2, 8, 0.5),
