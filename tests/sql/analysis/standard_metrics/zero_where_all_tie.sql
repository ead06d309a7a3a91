-- SPEC-NEXT.md 5: z = (x - mean) / s: (0.75 - 0.5) / 0.25 = 1; null where x is; 0 where all that have the metric tie.
-- given analysis.explanation_metrics: feature_id BIGINT, explainer_order INTEGER, intra_feature_sim DOUBLE, score_embedding DOUBLE, score_fuzz DOUBLE, score_detection DOUBLE, explanation_semantic_sim DOUBLE
(1, 0, 0.75, 0.5, NULL, 0, 1),
-- given analysis.metric_statistics: metric VARCHAR, metric_order INTEGER, mean DOUBLE, std DOUBLE, counts BOOLEAN
('m1', 1, 0.5, 0.25, true), ('m2', 2, 0.5, 0, false), ('m3', 3, NULL, NULL, false), ('m4', 4, 1, 0.5, true), ('m5', 5, 1, NULL, false),
-- expect: feature_id, explainer_order, metric, metric_order, value, z
(1, 0, 'm1', 1, 0.75, 1), (1, 0, 'm2', 2, 0.5, 0), (1, 0, 'm3', 3, NULL, NULL), (1, 0, 'm4', 4, 0, -2), (1, 0, 'm5', 5, 1, 0),
