-- version: 1
-- description: The words of each sampled prompt in order, in its first 65,536 tokens: positions are
--   16-bit numbers. analysis.prompt_words has a row a word.
-- key: prompt_id
-- column prompt_id: 0-based place in prompts.json
-- column words: in lower case, without leading punctuation
-- column positions: 0-based position of the token in which each begins
WITH sampled AS (
    SELECT
        prompt_id,
        CASE WHEN num_tokens > 65536 THEN tokens[:65536] ELSE tokens END AS tokens
    FROM staging.prompts
    WHERE prompt_id IN (SELECT prompt_id FROM analysis.samples)
),

placed AS (
    SELECT
        prompt_id,
        unnest(tokens) AS token,
        unnest(list_prepend(NULL, tokens)) AS before,
        unnest(range(len(tokens)))::INTEGER AS position
    FROM sampled
),

-- A token that ends a word is part of none. Another one begins a word if it says so, or if no word
-- is current: at the prompt's start and after a token that ends a word.
begun AS (
    SELECT
        p.prompt_id,
        p.position,
        f.head,
        f.lowered,
        f.begins_word OR coalesce(b.ends_word, true) AS begins
    FROM placed p
    JOIN staging.token_forms f ON f.token = p.token
    LEFT JOIN staging.token_forms b ON b.token = p.before
    WHERE NOT f.ends_word
),

-- Materialized: it is read twice, as most words are one token, and only the others are put together.
numbered AS MATERIALIZED (
    SELECT
        *,
        count(*) FILTER (begins) OVER (PARTITION BY prompt_id ORDER BY position) AS word_order
    FROM begun
),

endings AS (
    SELECT prompt_id, word_order, string_agg(lowered, '' ORDER BY position) AS ending
    FROM numbered
    WHERE NOT begins
    GROUP BY prompt_id, word_order
)

SELECT
    n.prompt_id,
    list(concat(n.head, e.ending) ORDER BY n.position) AS words,
    list(n.position ORDER BY n.position) AS positions
FROM numbered n
LEFT JOIN endings e ON e.prompt_id = n.prompt_id AND e.word_order = n.word_order
WHERE n.begins
GROUP BY n.prompt_id
