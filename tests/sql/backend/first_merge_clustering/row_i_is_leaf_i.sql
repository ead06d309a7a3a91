-- SPEC-NEXT.md 4: ascending by feature id, whatever the distances, of which two tie; null for an only feature.
-- given analysis.merge_distances: feature_id BIGINT, leaf INTEGER, first_merge_distance FLOAT
(30, 2, 0.25), (10, 0, 0.25), (20, 1, NULL),
-- expect: feature_id, first_merge_distance
(10, 0.25), (20, NULL), (30, 0.25),
