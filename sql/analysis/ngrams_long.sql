-- version: 2
-- description: activation_example_similarity's ngram_jaccard_similarity and top_common_ngrams
--   flattened: one row per feature and n.
-- kind: view
-- key: feature_id, ngram_size
-- collected: yes
-- column feature_id: the feature
-- column ngram_size: n
-- column mean_jaccard: mean over the pairs of sampled windows; null for fewer than 2
-- column ngram: the most frequent one; null where none occurs twice
-- column count: its occurrences in all windows; 0 where there is none
-- column num_windows: windows it occurs in; 0 where there is none
-- column is_selected: whether the feature's pattern type is decided by this n: that with the largest
--   mean Jaccard (ties: the smaller n)
SELECT
    j.feature_id,
    j.n AS ngram_size,
    j.mean_jaccard,
    t.ngram,
    coalesce(t.count, 0) AS count,
    coalesce(len(t.occurrences), 0) AS num_windows,
    j.mean_jaccard IS NOT NULL
    AND row_number() OVER (PARTITION BY j.feature_id ORDER BY j.mean_jaccard DESC NULLS LAST, j.n) = 1 AS is_selected
FROM analysis.ngram_jaccard j
LEFT JOIN analysis.top_ngrams t ON t.feature_id = j.feature_id AND t.n = j.n
