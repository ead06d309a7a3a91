-- SPEC-NEXT.md 4: 1 - cosine if either has the other among its neighbours; where both do (a tie), the row of the
-- larger id holds: 1 - 0.5 of feature 20. Features without explanations have no leaf; what is not known is not
-- listed, so there is no null. Leaves: 10, 20, 30.
-- given analysis.explanations: feature_id BIGINT
(10), (20), (30), (20),
-- given analysis.decoder_neighbours: feature_id BIGINT, neighbour_id BIGINT, cosine_similarity FLOAT
(10, 20, 0.75), (20, 10, 0.5), (30, 10, 0.25), (10, 99, 0.9), (99, 30, 0.9),
-- expect: row_a, row_b, distance
(0, 1, 0.5), (0, 2, 0.75),
