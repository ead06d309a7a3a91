/* Which n-gram do the windows of lexical features share? */
SELECT
    m.feature_id,
    m.pattern_type,
    '"' || n.ngram || '"' AS ngram,
    n.count,
    n.num_windows,
    round(n.mean_jaccard, 2) AS mean_jaccard
FROM master.ex_act_pattern_matching m
JOIN analysis.ngrams_long n ON n.feature_id = m.feature_id AND n.ngram_size = 4
WHERE m.pattern_type IN ('lexical', 'both')
ORDER BY m.feature_id
LIMIT 8
