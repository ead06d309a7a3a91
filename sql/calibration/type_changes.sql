-- version: 1
-- description: How many features of each pattern type there are, and what type they have now.
-- key: choice, pattern_type, type_now
-- column choice: now, 5 % or 1 %
-- column pattern_type: the type under these thresholds
-- column type_now: the type under the present ones
-- column features: how many features
SELECT t.choice, t.pattern_type, n.pattern_type AS type_now, count(*) AS features
FROM calibration.pattern_types t
JOIN calibration.pattern_types n ON n.feature_id = t.feature_id AND n.choice = 'now'
GROUP BY t.choice, t.pattern_type, n.pattern_type
