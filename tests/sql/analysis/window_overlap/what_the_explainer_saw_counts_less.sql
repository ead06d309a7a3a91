-- Of the windows of maximum 5 one of two judged was shown (they tie): each counts 1/2; of maximum 3 none. A window that does not activate (null maximum) counts 1. Score 2/3; without: (0.5 + 0 +
-- 1) / 2.5 = 0.6; recall 1/2; without: 0.5 / 1.5. Failed and refused ones aside.
-- given staging.drawn_windows: feature_id BIGINT, num_train BIGINT, num_test BIGINT, num_both BIGINT, max_activation FLOAT
(1, 2, 2, 1, 5), (1, 1, 1, 0, 3),
-- given staging.score_records: source VARCHAR, method VARCHAR, feature_id BIGINT, file VARCHAR, line BIGINT, activating BOOLEAN, outcome VARCHAR, status VARCHAR
('s', 'fuzz', 1, 'f', 0, true, 'correct', 'kept'), ('s', 'fuzz', 1, 'f', 1, true, 'incorrect', 'kept'), ('s', 'fuzz', 1, 'f', 2, false, 'correct', 'kept'),
('s', 'fuzz', 1, 'f', 3, true, 'failed', 'kept'), ('s', 'fuzz', 1, 'f', 4, true, 'correct', 'quarantined'),
-- given staging.judged_windows: file VARCHAR, line BIGINT, max_activation FLOAT
('f', 0, 5), ('f', 1, 3), ('f', 2, NULL), ('f', 3, 5), ('f', 4, 5),
-- expect: source, method, feature_id, num_train, num_test, num_both, train_share, test_share, score, score_without, recall, recall_without
('s', 'fuzz', 1, 3, 3, 1, 1/3, 1/3, 2/3, 0.6, 0.5, 1/3),
