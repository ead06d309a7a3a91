-- SPEC-NEXT.md 5, with two metrics for short. Anchors (3, 4), (-3, 4), (0, -10).
-- A at (0, 0): distances 5, 5, 10; 1/5 : 1/5 : 1/10 = 0.4, 0.4, 0.2; x = 0.4 + 0.5 * 0.2 = 0.5; y = 0.866 * 0.2; the nearest
-- tie, and the first of them wins.
-- B at (null, 4), which counts as (0, 4): distances 3, 3, 14; 1/3 : 1/3 : 1/14 = 14/31, 14/31, 3/31; x = 14/31 + 1.5/31 = 0.5.
-- C is the third anchor: all weight is there. Its distance to the others is sqrt(9 + 196).
-- given analysis.standard_metrics: feature_id BIGINT, explainer_order INTEGER, metric_order INTEGER, z DOUBLE
(1, 0, 1, 0), (1, 0, 2, 0), (1, 1, 1, NULL), (1, 1, 2, 4), (2, 0, 1, 0), (2, 0, 2, -10),
-- given analysis.failure_anchors: anchor VARCHAR, anchor_order INTEGER, metric_order INTEGER, z DOUBLE
('missed_ngram', 1, 1, 3), ('missed_ngram', 1, 2, 4), ('missed_context', 2, 1, -3), ('missed_context', 2, 2, 4),
('noisy_activation', 3, 1, 0), ('noisy_activation', 3, 2, -10),
-- expect: feature_id, explainer_order, zs, distances, weights, position_x, position_y, nearest_anchor
(1, 0, [0, 0], [5, 5, 10], [0.4, 0.4, 0.2], 0.5, 0.1732, 'missed_ngram'),
(1, 1, [NULL, 4], [3, 3, 14], [14/31, 14/31, 3/31], 0.5, 0.866 * 3 / 31, 'missed_ngram'),
(2, 0, [0, -10], [sqrt(205), sqrt(205), 0], [0, 0, 1], 0.5, 0.866, 'noisy_activation'),
