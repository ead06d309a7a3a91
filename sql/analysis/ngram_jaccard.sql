-- version: 5
-- description: Per feature and n the mean Jaccard similarity of its windows' distinct n-grams over all
--   unordered pairs; null for fewer than 2 examples. N-grams are counted once for all pairs of windows
--   that hold them. Three windows "abab", "abx" and "q", n = 2: "ab" occurs three times, in windows 1
--   and 2, once more inside window 1; "ba" and "bx" occur once. Distinct n-grams: 3 in all less 1
--   repeat = 2, 2 and 0. Windows 1 and 2 share one: 1 / (2 + 2 - 1) = 1/3, other pairs 0; mean 1/9.
-- key: feature_id, n
-- batch_by: analysis.ngram_windows.feature_id
-- column feature_id: the feature
-- column n: length of the n-gram
-- column mean_jaccard: mean over the pairs; null for fewer than 2 examples
WITH repeated AS (
    SELECT feature_id, n, windows, again
    FROM analysis.repeated_ngrams
    WHERE feature_id BETWEEN $first AND $last
),

repeats_by_window AS (
    SELECT feature_id, n, sample_order, count(*) AS repeats
    FROM (
        SELECT feature_id, n, unnest(again) AS sample_order
        FROM repeated
        WHERE len(again) > 0
    )
    GROUP BY feature_id, n, sample_order
),

-- A window's distinct n-grams: all of them, less those that were there before.
distinct_counts AS (
    SELECT
        w.feature_id,
        w.sample_order,
        s.n,
        ngram_count(w.tokens, s.n, $ngrams_unit) - coalesce(r.repeats, 0) AS size
    FROM analysis.ngram_windows w
    CROSS JOIN (SELECT unnest($ngrams_sizes::INTEGER[]) AS n) s
    LEFT JOIN repeats_by_window r
        ON r.feature_id = w.feature_id AND r.sample_order = w.sample_order AND r.n = s.n
    WHERE w.feature_id BETWEEN $first AND $last
),

-- Pairs that share nothing add 0, except that two empty windows are alike.
pair_counts AS (
    SELECT
        feature_id,
        n,
        count(*) * (count(*) - 1) / 2 AS pairs,
        count(*) FILTER (size = 0) * (count(*) FILTER (size = 0) - 1) / 2 AS empty_pairs
    FROM distinct_counts
    GROUP BY feature_id, n
),

window_sets AS (
    SELECT feature_id, n, windows, count(*) AS ngrams
    FROM repeated
    WHERE len(windows) > 1
    GROUP BY feature_id, n, windows
),

first_windows AS (
    SELECT feature_id, n, windows, ngrams, unnest(windows) AS a
    FROM window_sets
),

window_pairs AS (
    SELECT feature_id, n, ngrams, a, unnest(windows) AS b
    FROM first_windows
),

shared_counts AS (
    SELECT feature_id, n, a, b, sum(ngrams) AS shared
    FROM window_pairs
    WHERE a < b
    GROUP BY feature_id, n, a, b
),

jaccard_sums AS (
    SELECT s.feature_id, s.n, sum(jaccard(s.shared, x.size, y.size)) AS total
    FROM shared_counts s
    JOIN distinct_counts x ON x.feature_id = s.feature_id AND x.n = s.n AND x.sample_order = s.a
    JOIN distinct_counts y ON y.feature_id = s.feature_id AND y.n = s.n AND y.sample_order = s.b
    GROUP BY s.feature_id, s.n
)

SELECT
    t.feature_id,
    t.n,
    ((coalesce(s.total, 0) + t.empty_pairs) / nullif(t.pairs, 0))::FLOAT AS mean_jaccard
FROM pair_counts t
LEFT JOIN jaccard_sums s ON s.feature_id = t.feature_id AND s.n = t.n
