-- version: 1
-- description: Per feature, selected neighbour and kind (characters, words) the n-gram that most examples
--   of both sides together hold (ties: larger n, then the smaller string in code-point order). As in
--   analysis.shared_ngrams, longer n-grams are looked for only where the shortest ones are that most hold.
-- key: feature_id, neighbour_order, kind
-- column feature_id: the feature
-- column neighbour_order: 1-based place among the selected neighbours
-- column neighbour_id: the neighbour's feature id
-- column kind: characters (of the tokens near the largest activation) or words (around it)
-- column ngram_size: its characters or words; null where fewer than pairs.min_examples examples hold one
-- column ngram: the n-gram, in lower case
-- column holders: examples of the feature that hold it
-- column neighbour_holders: examples of the neighbour that hold it
-- column ratio: the smaller of the two ÷ the larger; null where there is no n-gram
-- column places: its occurrences in the feature's examples, in order of sample and prompt: sample_order,
--   rank, prompt_id, position of the token in which it begins, and for characters the code point there
-- column neighbour_places: the same of the neighbour's examples
WITH sides AS (
    SELECT feature_id, neighbour_order, 0 AS side, feature_id AS owner_id
    FROM analysis.selected_neighbours
    UNION ALL
    SELECT feature_id, neighbour_order, 1 AS side, neighbour_id AS owner_id
    FROM analysis.selected_neighbours
),

shortest AS MATERIALIZED (
    SELECT kind, feature_id AS owner_id, prompt_id, sample_order, rank, ngram, position, place, inside, token
    FROM analysis.shortest_ngrams
    WHERE (kind = 'words' OR abs(distance) <= $pairs_char_reach)
        AND rank <= $pairs_per_quantile
        AND feature_id IN (SELECT owner_id FROM sides)
),

held AS (
    SELECT kind, owner_id, ngram, count(DISTINCT prompt_id) AS holders
    FROM shortest
    GROUP BY kind, owner_id, ngram
),

frequent AS (
    SELECT s.feature_id, s.neighbour_order, h.kind, h.ngram
    FROM sides s
    JOIN held h ON h.owner_id = s.owner_id
    GROUP BY s.feature_id, s.neighbour_order, h.kind, h.ngram
    HAVING sum(h.holders) >= $pairs_min_examples
    QUALIFY sum(h.holders) = max(sum(h.holders)) OVER (PARTITION BY s.feature_id, s.neighbour_order, h.kind)
),

-- Materialized, so that DuckDB does not join all n-grams of both sides first.
sought AS MATERIALIZED (
    SELECT f.feature_id, f.neighbour_order, s.side, s.owner_id, f.kind, f.ngram
    FROM frequent f
    JOIN sides s ON s.feature_id = f.feature_id AND s.neighbour_order = f.neighbour_order
),

starts AS MATERIALIZED (
    SELECT f.feature_id, f.neighbour_order, f.side, w.*
    FROM sought f
    JOIN shortest w ON w.owner_id = f.owner_id AND w.ngram = f.ngram AND w.kind = f.kind
),

sizes AS (
    SELECT
        'characters' AS kind,
        unnest($words_char_sizes::INTEGER[]) AS n,
        list_min($words_char_sizes::INTEGER[]) AS shortest
    UNION ALL
    SELECT 'words' AS kind, unnest($words_sizes::INTEGER[]) AS n, list_min($words_sizes::INTEGER[]) AS shortest
),

followed AS (
    SELECT s.*, n.n
    FROM starts s
    JOIN sizes n ON n.kind = s.kind AND n.n > n.shortest
    SEMI JOIN starts e
        ON e.feature_id = s.feature_id
        AND e.neighbour_order = s.neighbour_order
        AND e.side = s.side
        AND e.prompt_id = s.prompt_id
        AND e.place = s.place + n.n - n.shortest
        AND e.inside = s.inside
        AND e.kind = s.kind
),

candidates AS MATERIALIZED (
    SELECT s.* EXCLUDE (token, inside, owner_id), n.shortest AS n
    FROM starts s
    JOIN (SELECT DISTINCT kind, shortest FROM sizes) n ON n.kind = s.kind
    UNION ALL
    SELECT f.* EXCLUDE (token, inside, owner_id) REPLACE (g.ngram AS ngram)
    FROM followed f
    JOIN analysis.token_ngrams g ON g.token = f.token AND g.char_offset = f.place AND g.ngram_size = f.n
    UNION ALL
    SELECT
        f.* EXCLUDE (token, inside, owner_id)
        REPLACE (array_to_string(l.words[f.place : f.place + f.n - 1], ' ') AS ngram)
    FROM followed f
    JOIN analysis.prompt_word_lists l ON l.prompt_id = f.prompt_id
    WHERE f.kind = 'words'
),

best AS (
    SELECT
        feature_id,
        neighbour_order,
        kind,
        n,
        ngram,
        count(DISTINCT prompt_id) FILTER (side = 0) AS holders,
        count(DISTINCT prompt_id) FILTER (side = 1) AS neighbour_holders
    FROM candidates
    GROUP BY feature_id, neighbour_order, kind, n, ngram
    QUALIFY row_number() OVER (
        PARTITION BY feature_id, neighbour_order, kind ORDER BY holders + neighbour_holders DESC, n DESC, ngram
    ) = 1
),

located AS (
    SELECT
        feature_id,
        neighbour_order,
        kind,
        list(place ORDER BY place) FILTER (side = 0) AS places,
        list(place ORDER BY place) FILTER (side = 1) AS neighbour_places
    FROM (
        SELECT
            feature_id,
            neighbour_order,
            kind,
            side,
            {
                'sample_order': sample_order,
                'rank': rank,
                'prompt_id': prompt_id,
                'position': position,
                'char_offset': CASE WHEN kind = 'characters' THEN place END
            } AS place
        FROM candidates
        SEMI JOIN best USING (feature_id, neighbour_order, kind, n, ngram)
    )
    GROUP BY feature_id, neighbour_order, kind
)

SELECT
    p.feature_id,
    p.neighbour_order,
    p.neighbour_id,
    k.kind,
    b.n AS ngram_size,
    b.ngram,
    coalesce(b.holders, 0)::INTEGER AS holders,
    coalesce(b.neighbour_holders, 0)::INTEGER AS neighbour_holders,
    least(b.holders, b.neighbour_holders) / greatest(b.holders, b.neighbour_holders) AS ratio,
    coalesce(l.places, []) AS places,
    coalesce(l.neighbour_places, []) AS neighbour_places
FROM analysis.selected_neighbours p
CROSS JOIN (SELECT unnest(['characters', 'words']) AS kind) k
LEFT JOIN best b
    ON b.feature_id = p.feature_id AND b.neighbour_order = p.neighbour_order AND b.kind = k.kind
LEFT JOIN located l
    ON l.feature_id = p.feature_id AND l.neighbour_order = p.neighbour_order AND l.kind = k.kind
ORDER BY p.feature_id, p.neighbour_order, k.kind
