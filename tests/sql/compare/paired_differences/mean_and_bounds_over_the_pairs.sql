-- fuzz: differences 0.25 and 0.25 (a tie): every resample's mean is 0.25. detection: one pair, so no
-- interval (null). Of the fuzz pairs only that of feature 1 is in one frequency bin: 1 matched pair with
-- difference 0.25 and no interval. detection's pair has no known bin: null. Feature 3 pairs with none.
-- set compare.replicates = 100
-- given compare.feature_pairs: member VARCHAR, other_member VARCHAR, pairing VARCHAR, feature_id BIGINT, other_feature_id BIGINT
('a', 'b', 'decoder', 1, 5), ('a', 'b', 'decoder', 2, 6)
-- given compare.feature_figures: member VARCHAR, level VARCHAR, figure VARCHAR, llm_explainer VARCHAR, scorer VARCHAR, feature_id BIGINT, value DOUBLE, frequency_bin INTEGER
('a', 'feature', 'fuzz', NULL, NULL, 1, 0.5, -4),
('b', 'feature', 'fuzz', NULL, NULL, 5, 0.75, -4),
('a', 'feature', 'fuzz', NULL, NULL, 2, 0.25, -4),
('b', 'feature', 'fuzz', NULL, NULL, 6, 0.5, -3),
('a', 'feature', 'fuzz', NULL, NULL, 3, 1, -4),
('a', 'explanation', 'detection', 'e', 's', 1, 1, NULL),
('b', 'explanation', 'detection', 'e', 's', 5, 0.5, NULL),
('b', 'explanation', 'detection', 'e2', 's', 6, 0.5, NULL),
-- expect: member, other_member, pairing, level, figure, llm_explainer, scorer, pairs, mean, other_mean, difference, difference_low, difference_high, matched_pairs, matched_difference, matched_low, matched_high
('a', 'b', 'decoder', 'feature', 'fuzz', NULL, NULL, 2, 0.375, 0.625, 0.25, 0.25, 0.25, 1, 0.25, NULL, NULL),
('a', 'b', 'decoder', 'explanation', 'detection', 'e', 's', 1, 1, 0.5, -0.5, NULL, NULL, NULL, NULL, NULL, NULL)
