-- SPEC-NEXT.md 4: left, right, distance, size, a row per merge, in their order though two distances tie. No tree: no row and no null.
-- given analysis.feature_linkage: merge INTEGER, left_node INTEGER, right_node INTEGER, distance DOUBLE, size INTEGER
(1, 1, 3, 0.25, 3), (0, 0, 2, 0.25, 2),
-- expect: "left", "right", distance, size
(0, 2, 0.25, 2), (1, 3, 0.25, 3),
