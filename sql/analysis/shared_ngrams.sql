-- version: 3
-- description: Per feature and kind (characters, words) the n-gram that its sampled examples share most:
--   the one with the most occurrences in their windows (ties: larger n, then the smaller string in
--   code-point order), and the share of example pairs in which both hold it. A longer n-gram occurs no
--   more often than any shorter one in it: so those of the smallest n are counted, and the longer ones
--   only where the most frequent of those follow one another.
-- key: feature_id, kind
-- batch_by: analysis.samples.feature_id
-- batch_size: 65536
-- column feature_id: a feature with sampled examples
-- column kind: characters (of the tokens near the largest activation) or words (around it)
-- column ngram_size: its characters or words; null where no n-gram occurs display.min_occurrences times
-- column ngram: the n-gram, in lower case
-- column occurrences: in all windows, repeats in one window counted; 0 where there is none
-- column examples: sampled examples that hold it
-- column share: with k of n examples holding it k(k - 1) ÷ n(n - 1); null for fewer than 2 examples
-- column places: its occurrences in order of sample and prompt: prompt_id, position of the token in which
--   it begins, and for characters the code point there
WITH shortest AS MATERIALIZED (  -- millions of rows: of what decides alone, in few bytes
    SELECT
        kind = 'words' AS is_words,
        feature_id::UINTEGER AS feature_id,
        prompt_id::UINTEGER AS prompt_id,
        sample_order,
        ngram,
        position,
        place
    FROM analysis.shortest_ngrams
    WHERE (kind = 'words' OR abs(distance) <= $display_char_reach) AND feature_id BETWEEN $first AND $last
),

-- What decides: occurrences, or examples. Of the two branches one is empty.
decisive AS (
    SELECT is_words, feature_id, ngram FROM shortest WHERE $display_rank_by = 'occurrences'
    UNION ALL
    SELECT DISTINCT ON (is_words, feature_id, ngram, prompt_id) is_words, feature_id, ngram
    FROM shortest
    WHERE $display_rank_by = 'examples'
),

counted AS (
    SELECT is_words, feature_id, ngram, count(*) AS amount
    FROM decisive
    GROUP BY is_words, feature_id, ngram
    HAVING count(*) >= $display_min_occurrences
),

frequent AS (
    SELECT is_words, feature_id, ngram
    FROM counted
    QUALIFY amount = max(amount) OVER (PARTITION BY is_words, feature_id)
),

starts AS MATERIALIZED (
    SELECT
        CASE WHEN s.is_words THEN 'words' ELSE 'characters' END AS kind,
        s.feature_id::BIGINT AS feature_id,
        s.prompt_id::BIGINT AS prompt_id,
        s.sample_order,
        s.ngram,
        s.position,
        s.place,
        CASE WHEN s.is_words THEN 0 ELSE s.position END AS inside
    FROM shortest s
    JOIN frequent f ON f.feature_id = s.feature_id AND f.ngram = s.ngram AND f.is_words = s.is_words
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
        AND e.prompt_id = s.prompt_id
        AND e.place = s.place + n.n - n.shortest
        AND e.inside = s.inside
        AND e.kind = s.kind
),

candidates AS MATERIALIZED (
    SELECT s.kind, s.feature_id, s.prompt_id, s.sample_order, n.shortest AS n, s.ngram, s.position, s.place
    FROM starts s
    JOIN (SELECT DISTINCT kind, shortest FROM sizes) n ON n.kind = s.kind
    UNION ALL
    SELECT f.kind, f.feature_id, f.prompt_id, f.sample_order, f.n, g.ngram, f.position, f.place
    FROM followed f
    JOIN staging.prompts p ON p.prompt_id = f.prompt_id
    JOIN analysis.token_ngrams g
        ON g.token = p.tokens[f.position + 1] AND g.char_offset = f.place AND g.ngram_size = f.n
    WHERE f.kind = 'characters'
    UNION ALL
    SELECT
        f.kind, f.feature_id, f.prompt_id, f.sample_order, f.n,
        array_to_string(l.words[f.place : f.place + f.n - 1], ' ') AS ngram, f.position, f.place
    FROM followed f
    JOIN analysis.prompt_word_lists l ON l.prompt_id = f.prompt_id
    WHERE f.kind = 'words'
),

ranked AS (
    SELECT kind, feature_id, n, ngram, count(*) AS amount
    FROM (
        SELECT kind, feature_id, n, ngram FROM candidates WHERE $display_rank_by = 'occurrences'
        UNION ALL
        SELECT DISTINCT ON (kind, feature_id, n, ngram, prompt_id) kind, feature_id, n, ngram
        FROM candidates
        WHERE $display_rank_by = 'examples'
    )
    GROUP BY kind, feature_id, n, ngram
),

best AS (
    SELECT kind, feature_id, n, ngram
    FROM ranked
    QUALIFY row_number() OVER (PARTITION BY kind, feature_id ORDER BY amount DESC, n DESC, ngram) = 1
),

located AS (
    SELECT
        kind,
        feature_id,
        n,
        ngram,
        count(DISTINCT prompt_id) AS examples,
        list(
            {
                'prompt_id': prompt_id,
                'position': position,
                'char_offset': CASE WHEN kind = 'characters' THEN place END
            }
            ORDER BY sample_order, position, place
        ) AS places
    FROM candidates
    SEMI JOIN best USING (feature_id, ngram, n, kind)
    GROUP BY kind, feature_id, n, ngram
),

sampled AS (
    SELECT feature_id, count(*) AS num_examples
    FROM analysis.samples
    WHERE feature_id BETWEEN $first AND $last
    GROUP BY feature_id
)

SELECT
    s.feature_id,
    k.kind,
    l.n AS ngram_size,
    l.ngram,
    coalesce(len(l.places), 0)::INTEGER AS occurrences,
    coalesce(l.examples, 0)::INTEGER AS examples,
    CASE
        WHEN s.num_examples >= 2
            THEN coalesce(l.examples * (l.examples - 1) / (s.num_examples * (s.num_examples - 1)), 0)
    END::DOUBLE AS share,
    coalesce(l.places, []) AS places
FROM sampled s
CROSS JOIN (SELECT unnest(['characters', 'words']) AS kind) k
LEFT JOIN located l ON l.feature_id = s.feature_id AND l.kind = k.kind
ORDER BY s.feature_id, k.kind
