-- Feature 1, fuzz: tp 1, fn 1, tn 1, a failed one aside: accuracy 2/3, balanced (1/2 + 1) / 2, precision 1, recall 1/2, F1 2/3; recall by quantile 1 and
-- 0. Wilson with z = 1.959963984540054. Feature 2 has failed examples alone: all ratios null. Pooled alike; F1 weighted by firing counts: of feature 1
-- alone. Nothing ties but the shares.
-- given staging.scores: source VARCHAR, method VARCHAR, feature_id BIGINT, outcome VARCHAR, activating BOOLEAN, distance DOUBLE
('s', 'fuzz', 1, 'correct', true, 1), ('s', 'fuzz', 1, 'incorrect', true, 2), ('s', 'fuzz', 1, 'correct', false, NULL), ('s', 'fuzz', 1, 'failed', true, 1),
('s', 'fuzz', 2, 'failed', true, 1), ('s', 'other', 1, 'kept', NULL, NULL),
-- given analysis.roc_areas: level VARCHAR, source VARCHAR, method VARCHAR, feature_id BIGINT, area DOUBLE
('feature', 's', 'fuzz', 1, 0.875), ('source', 's', 'fuzz', NULL, 0.75),
-- given analysis.feature_statistics: feature_id BIGINT, basis VARCHAR, firing_count BIGINT
(1, 'corpus', 10), (2, 'corpus', 90), (1, 'sample', 3),
-- expect: level, source, method, feature_id, total, failed, succeeded, tp, tn, fp, fn, accuracy, balanced_accuracy, precision, recall, f1, weighted_f1, auc, recall_by_quantile, accuracy_low, accuracy_high
('feature', 's', 'fuzz', 1, 4, 1, 3, 1, 1, 0, 1, 2/3, 0.75, 1, 0.5, 2/3, NULL, 0.875, [{'quantile': 1, 'recall': 1, 'total': 1}, {'quantile': 2, 'recall': 0, 'total': 1}],
    0.2076596, 0.9385081),
('feature', 's', 'fuzz', 2, 1, 1, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, [], NULL, NULL),
('source', 's', 'fuzz', NULL, 5, 2, 3, 1, 1, 0, 1, 2/3, 0.75, 1, 0.5, 2/3, 2/3, 0.75, [{'quantile': 1, 'recall': 1, 'total': 1}, {'quantile': 2, 'recall': 0, 'total': 1}],
    0.2076596, 0.9385081),
