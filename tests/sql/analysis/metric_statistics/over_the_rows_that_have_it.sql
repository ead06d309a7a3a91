-- SPEC-NEXT.md 5. intra 1, 2, 3, 4 and a null: mean 2.5, deviation sqrt(5/3); p at place 3p: p5 1.15, p10 1.3, p25 1.75, p50 2.5,
-- p75 3.25, p90 3.7. Embedding: all tie, so it does not count. Fuzz: one value, no deviation. Detection: none at all.
-- Explanations -1 and 1: p at -1 + 2p. causes.low is p5, causes.middle p50.
-- given analysis.explanation_metrics: feature_id BIGINT, explainer_order INTEGER, intra_feature_sim DOUBLE, score_embedding DOUBLE, score_fuzz DOUBLE, score_detection DOUBLE, explanation_semantic_sim DOUBLE
(1, 0, 4, 0.5, 0.25, NULL, -1), (1, 1, 2, 0.5, NULL, NULL, 1), (2, 0, 3, 0.5, NULL, NULL, NULL),
(2, 1, 1, 0.5, NULL, NULL, NULL), (3, 0, NULL, 0.5, NULL, NULL, NULL),
-- expect: metric, metric_order, num_values, mean, std, min, max, percentiles, low, middle, counts
('intra_feature_sim', 1, 4, 2.5, sqrt(5/3), 1, 4,
    {'p5': 1.15, 'p10': 1.3, 'p25': 1.75, 'p50': 2.5, 'p75': 3.25, 'p90': 3.7}, 1.15, 2.5, true),
('score_embedding', 2, 5, 0.5, 0, 0.5, 0.5,
    {'p5': 0.5, 'p10': 0.5, 'p25': 0.5, 'p50': 0.5, 'p75': 0.5, 'p90': 0.5}, 0.5, 0.5, false),
('score_fuzz', 3, 1, 0.25, NULL, 0.25, 0.25,
    {'p5': 0.25, 'p10': 0.25, 'p25': 0.25, 'p50': 0.25, 'p75': 0.25, 'p90': 0.25}, 0.25, 0.25, false),
('score_detection', 4, 0, NULL, NULL, NULL, NULL,
    {'p5': NULL, 'p10': NULL, 'p25': NULL, 'p50': NULL, 'p75': NULL, 'p90': NULL}, NULL, NULL, false),
('explanation_semantic_sim', 5, 2, 0, sqrt(2), -1, 1,
    {'p5': -0.9, 'p10': -0.8, 'p25': -0.5, 'p50': 0, 'p75': 0.5, 'p90': 0.8}, -0.9, 0, true),
-- empty
('intra_feature_sim', 1, 0, NULL, NULL, NULL, NULL, {'p5': NULL, 'p10': NULL, 'p25': NULL, 'p50': NULL, 'p75': NULL, 'p90': NULL}, NULL, NULL, false),
('score_embedding', 2, 0, NULL, NULL, NULL, NULL, {'p5': NULL, 'p10': NULL, 'p25': NULL, 'p50': NULL, 'p75': NULL, 'p90': NULL}, NULL, NULL, false),
('score_fuzz', 3, 0, NULL, NULL, NULL, NULL, {'p5': NULL, 'p10': NULL, 'p25': NULL, 'p50': NULL, 'p75': NULL, 'p90': NULL}, NULL, NULL, false),
('score_detection', 4, 0, NULL, NULL, NULL, NULL, {'p5': NULL, 'p10': NULL, 'p25': NULL, 'p50': NULL, 'p75': NULL, 'p90': NULL}, NULL, NULL, false),
('explanation_semantic_sim', 5, 0, NULL, NULL, NULL, NULL, {'p5': NULL, 'p10': NULL, 'p25': NULL, 'p50': NULL, 'p75': NULL, 'p90': NULL}, NULL, NULL, false),
