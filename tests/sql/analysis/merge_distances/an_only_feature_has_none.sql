-- SPEC-NEXT.md 4: n = 1: null. A tie needs two.
-- given analysis.explanations: feature_id BIGINT
(10), (10),
-- given analysis.feature_linkage: merge INTEGER, left_node INTEGER, right_node INTEGER, distance DOUBLE, size INTEGER
-- expect: feature_id, leaf, first_merge_distance
(10, 0, NULL),
