-- The clusters' lists flattened; a feature without clusters (an empty list, or null) has no row; two of one cluster (a
-- tie) are two rows.
-- given analysis.feature_projection: feature_id BIGINT, clusters STRUCT(num_clusters INTEGER, cluster INTEGER)[]
(1, [(10, 0), (30, 5)]), (2, [(10, 0)]), (3, []), (4, NULL),
-- expect: feature_id, num_clusters, cluster
(1, 10, 0), (1, 30, 5), (2, 10, 0),
