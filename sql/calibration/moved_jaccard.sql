-- version: 1
-- description: The statistic of patterns.lexical_threshold on moved windows: the largest over n of the
--   mean Jaccard similarity over all pairs of a made-up feature's n-gram windows.
-- key: made_up_id
-- column made_up_id: the made-up feature
-- column feature_id: the feature whose windows were moved
-- column max_jaccard: the largest of its mean Jaccards
WITH windows AS (
    SELECT
        w.made_up_id,
        w.feature_id,
        w.prompt_id,
        s.n,
        list_distinct(ngram_list(w.tokens, s.n, $ngrams_unit)) AS ngrams
    FROM calibration.moved_windows w
    CROSS JOIN (SELECT unnest($ngrams_sizes::INTEGER[]) AS n) s
),

totals AS (
    SELECT
        made_up_id,
        any_value(feature_id) AS feature_id,
        n,
        count(*) * (count(*) - 1) / 2 AS pairs,
        count(*) FILTER (len(ngrams) = 0) * (count(*) FILTER (len(ngrams) = 0) - 1) / 2 AS empty_pairs
    FROM windows
    GROUP BY made_up_id, n
),

grams AS (
    SELECT made_up_id, n, prompt_id, len(ngrams) AS size, unnest(ngrams) AS ngram
    FROM windows
),

shared AS (
    SELECT a.made_up_id, a.n, jaccard(count(*), a.size, b.size) AS jaccard
    FROM grams a
    JOIN grams b
        ON b.made_up_id = a.made_up_id
        AND b.n = a.n
        AND b.ngram = a.ngram
        AND b.prompt_id > a.prompt_id
    GROUP BY a.made_up_id, a.n, a.prompt_id, b.prompt_id, a.size, b.size
),

-- Pairs that share nothing add 0, except that two empty windows are alike.
summed AS (
    SELECT made_up_id, n, sum(jaccard) AS total
    FROM shared
    GROUP BY made_up_id, n
)

SELECT
    t.made_up_id,
    any_value(t.feature_id) AS feature_id,
    max(((coalesce(s.total, 0) + t.empty_pairs) / t.pairs)::FLOAT) AS max_jaccard
FROM totals t
LEFT JOIN summed s ON s.made_up_id = t.made_up_id AND s.n = t.n
WHERE t.pairs > 0
GROUP BY t.made_up_id
