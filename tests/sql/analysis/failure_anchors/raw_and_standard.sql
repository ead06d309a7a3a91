-- SPEC-NEXT.md 5, anchors in order of metrics: missed_ngram middle, low, low, middle, middle; missed_context middle, low,
-- middle, low, middle; noisy_activation low, chance x 3, low. z = (raw - mean) / std: metric 1 middle (0.4 - 0.5) / 0.25
-- = -0.4, low -1.6; metric 2 low (0.25 - 0.5) / 0.5 = -0.5, chance 0; metric 5 low (0 - 0.25) / 0.25 = -1.
-- Metric 3 has no value: raw null. Metric 4's values all tie: it counts for nothing, z = 0.
-- given analysis.metric_statistics: metric VARCHAR, metric_order INTEGER, num_values BIGINT, mean DOUBLE, std DOUBLE, low DOUBLE, middle DOUBLE, counts BOOLEAN
('m1', 1, 3, 0.5, 0.25, 0.1, 0.4, true), ('m2', 2, 3, 0.5, 0.5, 0.25, 0.5, true), ('m3', 3, 0, NULL, NULL, NULL, NULL, false),
('m4', 4, 2, 0.75, 0, 0.75, 0.75, false), ('m5', 5, 3, 0.25, 0.25, 0, 0.25, true),
-- expect: anchor, anchor_order, metric, metric_order, raw, z
('missed_ngram', 1, 'm1', 1, 0.4, -0.4), ('missed_ngram', 1, 'm2', 2, 0.25, -0.5), ('missed_ngram', 1, 'm3', 3, NULL, 0),
('missed_ngram', 1, 'm4', 4, 0.75, 0), ('missed_ngram', 1, 'm5', 5, 0.25, 0),
('missed_context', 2, 'm1', 1, 0.4, -0.4), ('missed_context', 2, 'm2', 2, 0.25, -0.5), ('missed_context', 2, 'm3', 3, NULL, 0),
('missed_context', 2, 'm4', 4, 0.75, 0), ('missed_context', 2, 'm5', 5, 0.25, 0),
('noisy_activation', 3, 'm1', 1, 0.1, -1.6), ('noisy_activation', 3, 'm2', 2, 0.5, 0), ('noisy_activation', 3, 'm3', 3, NULL, 0),
('noisy_activation', 3, 'm4', 4, 0.5, 0), ('noisy_activation', 3, 'm5', 5, 0, -1),
