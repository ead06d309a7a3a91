-- version: 4
-- description: Per feature the n-grams that occur more than once in its n-gram windows. Of three windows
--   "abab", "abx" and "q" with n = 2 only "ab" does: occurrences 3, windows [1, 2], again [1].
-- key: feature_id, n, ngram
-- batch_by: analysis.ngram_windows.feature_id
-- column feature_id: the feature
-- column n: length of the n-gram
-- column ngram: the n-gram
-- column occurrences: in all windows together
-- column windows: sample_order of the windows it occurs in
-- column again: sample_order of the window of each further occurrence inside one window
WITH grams AS (
    SELECT
        w.feature_id,
        w.sample_order,
        s.n,
        unnest(ngram_list(w.tokens, s.n, $ngrams_unit)) AS ngram
    FROM analysis.ngram_windows w, (SELECT unnest($ngrams_sizes::INTEGER[]) AS n) s
    WHERE w.feature_id BETWEEN $first AND $last
),

-- Most n-grams occur once: they are dropped before anything is sorted.
repeated AS (
    SELECT feature_id, n, ngram, list_sort(list(sample_order)) AS places
    FROM grams
    GROUP BY feature_id, n, ngram
    HAVING count(*) > 1
)

SELECT
    feature_id,
    n,
    ngram,
    len(places) AS occurrences,
    list_filter(places, lambda place, i: i = 1 OR place <> places[i - 1]) AS windows,
    list_filter(places, lambda place, i: i > 1 AND place = places[i - 1]) AS again
FROM repeated
