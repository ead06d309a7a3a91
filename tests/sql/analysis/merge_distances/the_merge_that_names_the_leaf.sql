-- SPEC-NEXT.md 4: leaves 10, 20, 30 are 0, 1, 2. Leaves 0 and 2 merge at 0.25 (they tie) into node 3, leaf 1 with node 3 at 0.5.
-- No leaf is null here: that is the case of an only feature.
-- given analysis.explanations: feature_id BIGINT
(30), (10), (20), (20),
-- given analysis.feature_linkage: merge INTEGER, left_node INTEGER, right_node INTEGER, distance DOUBLE, size INTEGER
(0, 0, 2, 0.25, 2), (1, 1, 3, 0.5, 3),
-- expect: feature_id, leaf, first_merge_distance
(10, 0, 0.25), (20, 1, 0.5), (30, 2, 0.25),
