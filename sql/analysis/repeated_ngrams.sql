-- version: 1
-- description: Per feature the n-grams that occur more than once in its n-gram windows.
-- key: feature_id, n, ngram
-- column occurrences: in all windows together
-- column windows: sample_order of the windows it occurs in
WITH grams AS (
    SELECT
        w.feature_id,
        w.sample_order,
        s.n,
        unnest(ngram_list(w.tokens, s.n, $ngrams_unit)) AS ngram
    FROM analysis.ngram_windows w, (SELECT unnest($ngrams_sizes::INTEGER[]) AS n) s
)

SELECT
    feature_id,
    n,
    ngram,
    count(*) AS occurrences,
    list(DISTINCT sample_order ORDER BY sample_order) AS windows
FROM grams
GROUP BY feature_id, n, ngram
HAVING count(*) > 1
