-- version: 3
-- description: What each threshold is applied to: the real values and those of the null.
--   Null of the semantic threshold: features that may share an n-gram, but whose surroundings share no
--   more words than by chance. Of the lexical one: features with a topic, seen at another word of it.
-- column threshold: the setting
-- column is_null: of the null
-- column feature_id: the feature it is of: values of one feature are drawn together by the bootstrap
-- column value: the statistic that the threshold cuts
SELECT 'patterns.semantic_threshold' AS threshold, true AS is_null, s.feature_id, s.mean_similarity AS value
FROM analysis.activation_similarity s
JOIN staging.default_model m ON m.model = s.model
JOIN calibration.topics t ON t.feature_id = s.feature_id AND NOT t.has_topic
WHERE s.mean_similarity IS NOT NULL
UNION ALL
SELECT 'patterns.semantic_threshold' AS threshold, false AS is_null, t.feature_id, t.mean_similarity AS value
FROM analysis.pattern_types t
JOIN staging.default_model m ON m.model = t.model
WHERE t.mean_similarity IS NOT NULL
UNION ALL
SELECT 'patterns.lexical_threshold' AS threshold, true AS is_null, feature_id, max_jaccard AS value
FROM calibration.moved_jaccard
UNION ALL
SELECT 'patterns.lexical_threshold' AS threshold, false AS is_null, t.feature_id, t.max_jaccard AS value
FROM analysis.pattern_types t
JOIN staging.default_model m ON m.model = t.model
WHERE t.max_jaccard IS NOT NULL
UNION ALL
SELECT 'alignment.threshold' AS threshold, true AS is_null, feature_id, similarity AS value
FROM calibration.shuffled_phrases
UNION ALL
SELECT 'alignment.threshold' AS threshold, false AS is_null, s.feature_id, s.similarity AS value
FROM analysis.phrase_similarity s
JOIN staging.default_model m ON m.model = s.model
UNION ALL
SELECT 'matching.threshold' AS threshold, true AS is_null, feature_id, similarity AS value
FROM calibration.shuffled_contexts
UNION ALL
SELECT 'matching.threshold' AS threshold, false AS is_null, p.feature_id, p.similarity AS value
FROM analysis.phrase_matching p
JOIN staging.default_model m ON m.model = p.model
