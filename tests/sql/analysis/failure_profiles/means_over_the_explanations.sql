-- SPEC-NEXT.md 5, cluster_id: of each metric the mean over the feature's explanations, a null as 0. Feature 1: (1 + 3) / 2
-- and (null + 1) / 2; feature 2's values tie.
-- given analysis.standard_metrics: feature_id BIGINT, explainer_order INTEGER, metric_order INTEGER, z DOUBLE
(1, 0, 1, 1), (1, 1, 1, 3), (1, 0, 2, NULL), (1, 1, 2, 1), (2, 0, 1, 0.5), (2, 1, 1, 0.5), (2, 0, 2, NULL), (2, 1, 2, NULL),
-- expect: feature_id, profile
(1, [2, 0.5]), (2, [0.5, 0]),
