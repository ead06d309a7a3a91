-- The clusters' lists flattened; an explanation without clusters (an empty list, or null) has no row; two of one cluster
-- (a tie) are two rows.
-- given analysis.explanation_projection: feature_id BIGINT, llm_explainer VARCHAR, clusters STRUCT(num_clusters INTEGER, cluster INTEGER)[]
(1, 'A', [(10, 0), (30, 5)]), (1, 'B', [(10, 0)]), (2, 'A', []), (3, 'A', NULL),
-- expect: feature_id, llm_explainer, num_clusters, cluster
(1, 'A', 10, 0), (1, 'A', 30, 5), (1, 'B', 10, 0),
