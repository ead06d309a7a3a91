-- version: 3
-- description: Per selected neighbour and n the mean Jaccard similarity over the pairs, and the most
--   frequent n-gram that occurs on both sides (ties: in more windows, then the smaller string).
-- key: feature_id, neighbour_order, n
-- column feature_id: the feature
-- column neighbour_order: 1-based place among the selected neighbours
-- column n: length of the n-gram
-- column mean_jaccard: mean over the pairs of the two sides' examples
-- column ngram: null when the sides share none
-- column count: its occurrences on both sides; 0 when they share none
-- column occurrences: the feature's windows first, then the neighbour's, each in sample order
WITH sides AS (
    SELECT feature_id, neighbour_order, 0 AS side, feature_id AS owner_id
    FROM analysis.selected_neighbours
    UNION ALL
    SELECT feature_id, neighbour_order, 1 AS side, neighbour_id AS owner_id
    FROM analysis.selected_neighbours
),

windows AS (
    SELECT
        s.feature_id,
        s.neighbour_order,
        s.side,
        s.owner_id,
        w.prompt_id,
        w.sample_order,
        w.first_position,
        w.tokens,
        g.n,
        ngram_list(w.tokens, g.n, $ngrams_unit) AS ngrams
    FROM sides s
    JOIN analysis.ngram_windows w ON w.feature_id = s.owner_id,
    (SELECT unnest($ngrams_sizes::INTEGER[]) AS n) g
    WHERE w.rank <= $interfeature_per_quantile
),

-- Materialized: otherwise DuckDB makes the sets anew for each pair.
sets AS MATERIALIZED (
    SELECT feature_id, neighbour_order, side, sample_order, n, list_distinct(ngrams) AS ngrams
    FROM windows
),

jaccards AS (
    SELECT
        a.feature_id,
        a.neighbour_order,
        a.n,
        list_avg(list(
            jaccard(len(list_intersect(a.ngrams, b.ngrams)), len(a.ngrams), len(b.ngrams))
            ORDER BY a.sample_order, b.sample_order
        ))::FLOAT AS mean_jaccard
    FROM sets a
    JOIN sets b
        ON b.feature_id = a.feature_id
        AND b.neighbour_order = a.neighbour_order
        AND b.n = a.n
    WHERE a.side = 0 AND b.side = 1
    GROUP BY a.feature_id, a.neighbour_order, a.n
),

-- The most frequent on both sides; those of one count are told apart by the windows they are in.
counted AS (
    SELECT feature_id, neighbour_order, n, ngram, count(*) AS count
    FROM (SELECT feature_id, neighbour_order, n, side, unnest(ngrams) AS ngram FROM windows)
    GROUP BY feature_id, neighbour_order, n, ngram
    HAVING min(side) < max(side)
    QUALIFY rank() OVER (PARTITION BY feature_id, neighbour_order, n ORDER BY count(*) DESC) = 1
),

held AS (
    SELECT c.feature_id, c.neighbour_order, c.n, c.ngram, c.count, s.side, s.sample_order
    FROM counted c
    JOIN sets s ON s.feature_id = c.feature_id AND s.neighbour_order = c.neighbour_order AND s.n = c.n
    WHERE list_contains(s.ngrams, c.ngram)
),

best AS (
    SELECT feature_id, neighbour_order, n, ngram, count
    FROM held
    GROUP BY feature_id, neighbour_order, n, ngram, count
    QUALIFY row_number() OVER (
        PARTITION BY feature_id, neighbour_order, n ORDER BY count(*) DESC, ngram
    ) = 1
),

located AS (
    SELECT
        b.feature_id,
        b.neighbour_order,
        b.n,
        w.side,
        w.sample_order,
        w.owner_id,
        w.prompt_id,
        ngram_positions(w.tokens, w.first_position, b.ngram, b.n, $ngrams_unit) AS positions
    FROM best b
    JOIN windows w
        ON w.feature_id = b.feature_id
        AND w.neighbour_order = b.neighbour_order
        AND w.n = b.n
),

occurrences AS (
    SELECT
        feature_id,
        neighbour_order,
        n,
        list(
            {'feature_id': owner_id, 'prompt_id': prompt_id, 'positions': positions}
            ORDER BY side, sample_order
        ) AS occurrences
    FROM located
    WHERE len(positions) > 0
    GROUP BY feature_id, neighbour_order, n
)

SELECT
    j.feature_id,
    j.neighbour_order,
    j.n,
    j.mean_jaccard,
    b.ngram,
    coalesce(b.count, 0) AS count,
    o.occurrences
FROM jaccards j
LEFT JOIN best b ON b.feature_id = j.feature_id AND b.neighbour_order = j.neighbour_order AND b.n = j.n
LEFT JOIN occurrences o
    ON o.feature_id = j.feature_id AND o.neighbour_order = j.neighbour_order AND o.n = j.n
