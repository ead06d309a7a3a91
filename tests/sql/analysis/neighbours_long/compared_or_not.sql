-- is_compared: whether it is one of the selected neighbours, false and never null otherwise. Both neighbours tie in similarity.
-- given analysis.decoder_neighbours: feature_id BIGINT, rank INTEGER, neighbour_id BIGINT, cosine_similarity FLOAT
(1, 1, 7, 0.5), (1, 2, 9, 0.5), (2, 1, 7, 0.25),
-- given analysis.selected_neighbours: feature_id BIGINT, neighbour_id BIGINT
(1, 9), (9, 7),
-- expect: feature_id, rank, neighbour_id, cosine_similarity, is_compared
(1, 1, 7, 0.5, false), (1, 2, 9, 0.5, true), (2, 1, 7, 0.25, false),
