-- The neighbour's id instead of its order; where the sides share none the n-gram is null and its count 0; equal figures (a
-- tie) stay apart.
-- given analysis.neighbour_ngrams: feature_id BIGINT, neighbour_order INTEGER, n INTEGER, mean_jaccard FLOAT, ngram VARCHAR, count BIGINT
(1, 1, 2, 0.5, 'ab', 3), (1, 2, 2, 0.5, NULL, 0),
-- given analysis.selected_neighbours: feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT
(1, 1, 7), (1, 2, 9),
-- expect: feature_id, neighbour_id, ngram_size, mean_jaccard, ngram, count
(1, 7, 2, 0.5, 'ab', 3), (1, 9, 2, 0.5, NULL, 0),
