-- version: 1
-- description: What each threshold is applied to: the real values and those of the null.
-- column threshold: the setting
-- column is_null: from shuffled data
-- column value: the statistic that the threshold cuts
SELECT 'patterns.semantic_threshold' AS threshold, true AS is_null, mean_similarity AS value
FROM calibration.made_up_similarity
UNION ALL
SELECT 'patterns.semantic_threshold' AS threshold, false AS is_null, t.mean_similarity AS value
FROM analysis.pattern_types t
JOIN staging.embedding_models m ON m.model = t.model AND m.is_default
WHERE t.mean_similarity IS NOT NULL
UNION ALL
SELECT 'patterns.lexical_threshold' AS threshold, true AS is_null, max_jaccard AS value
FROM calibration.made_up_jaccard
UNION ALL
SELECT 'patterns.lexical_threshold' AS threshold, false AS is_null, t.max_jaccard AS value
FROM analysis.pattern_types t
JOIN staging.embedding_models m ON m.model = t.model AND m.is_default
WHERE t.max_jaccard IS NOT NULL
UNION ALL
SELECT 'alignment.threshold' AS threshold, true AS is_null, similarity AS value
FROM calibration.shuffled_phrases
UNION ALL
SELECT 'alignment.threshold' AS threshold, false AS is_null, s.similarity AS value
FROM analysis.phrase_similarity s
JOIN staging.embedding_models m ON m.model = s.model AND m.is_default
UNION ALL
SELECT 'matching.threshold' AS threshold, true AS is_null, similarity AS value
FROM calibration.shuffled_contexts
UNION ALL
SELECT 'matching.threshold' AS threshold, false AS is_null, p.similarity AS value
FROM analysis.phrase_matching p
JOIN staging.embedding_models m ON m.model = p.model AND m.is_default
