-- version: 1
-- description: Jaccard similarities and rates lie in [0, 1].
SELECT 'ngram_jaccard' AS relation, feature_id, mean_jaccard AS value FROM analysis.ngram_jaccard
WHERE NOT mean_jaccard BETWEEN 0 AND 1
UNION ALL
SELECT 'neighbour_ngrams' AS relation, feature_id, mean_jaccard AS value FROM analysis.neighbour_ngrams
WHERE mean_jaccard IS NULL OR NOT mean_jaccard BETWEEN 0 AND 1
UNION ALL
SELECT 'match_rate' AS relation, feature_id, match_rate AS value FROM master.ex_act_pattern_matching
WHERE match_rate IS NULL OR NOT match_rate BETWEEN 0 AND 1
UNION ALL
SELECT 'scores' AS relation, feature_id, score AS value FROM analysis.scores
WHERE method <> 'simulation' AND NOT score BETWEEN 0 AND 1
