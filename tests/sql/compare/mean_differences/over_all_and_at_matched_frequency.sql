-- a's fuzz is 0.5 in bin -4 (twice, a tie) and 1 in bin -3; b's is 0.75 in bin -4 and 0.25, twice, in bin
-- -2. All: 5/12 - 2/3 = -0.25. Both have bin -4 alone: min(2, 1) = 1 feature, difference 0.25; inside of a
-- bin all are equal, and one feature gives no interval (null). detection of one feature: no interval,
-- nothing known of its frequency. embedding is a's alone: no row.
-- set compare.replicates = 100
-- given compare.member_pairs: member VARCHAR, other_member VARCHAR
('a', 'b')
-- given compare.feature_figures: member VARCHAR, level VARCHAR, figure VARCHAR, llm_explainer VARCHAR, scorer VARCHAR, feature_id BIGINT, value DOUBLE, frequency_bin INTEGER
('a', 'feature', 'fuzz', NULL, NULL, 1, 0.5, -4),
('a', 'feature', 'fuzz', NULL, NULL, 2, 0.5, -4),
('a', 'feature', 'fuzz', NULL, NULL, 3, 1, -3),
('b', 'feature', 'fuzz', NULL, NULL, 1, 0.75, -4),
('b', 'feature', 'fuzz', NULL, NULL, 2, 0.25, -2),
('b', 'feature', 'fuzz', NULL, NULL, 3, 0.25, -2),
('a', 'feature', 'detection', NULL, NULL, 1, 0.5, NULL),
('b', 'feature', 'detection', NULL, NULL, 1, 1, NULL),
('a', 'feature', 'embedding', NULL, NULL, 1, 1, NULL),
-- expect: member, other_member, level, figure, features, other_features, mean, other_mean, difference, difference_low < difference_high, matched_features, matched_difference, matched_low
('a', 'b', 'feature', 'fuzz', 3, 3, 0.6666666666666666, 0.4166666666666667, -0.25, true, 1, 0.25, NULL),
('a', 'b', 'feature', 'detection', 1, 1, 0.5, 1, 0.5, NULL, NULL, NULL, NULL)
