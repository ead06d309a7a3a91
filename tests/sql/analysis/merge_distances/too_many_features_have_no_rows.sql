-- SPEC-NEXT.md 4: above clustering.max_features neither file is written: no row, neither null nor tied.
-- set clustering.max_features = 1
-- given analysis.explanations: feature_id BIGINT
(10), (20),
-- given analysis.feature_linkage: merge INTEGER, left_node INTEGER, right_node INTEGER, distance DOUBLE, size INTEGER
-- expect: feature_id, leaf, first_merge_distance
