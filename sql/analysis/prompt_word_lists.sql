-- version: 2
-- description: The words of each sampled prompt in order, in its first 65,536 tokens: positions are
--   16-bit numbers. analysis.prompt_words has one row per word.
-- key: prompt_id
-- batch_by: staging.prompts.prompt_id
-- batch_size: 65536
-- column prompt_id: 0-based place in prompts.json
-- column words: in lower case, without leading punctuation
-- column positions: 0-based position of the token in which each begins
WITH sampled AS (
    SELECT
        prompt_id,
        CASE WHEN num_tokens > 65536 THEN tokens[:65536] ELSE tokens END AS tokens
    FROM staging.prompts
    WHERE prompt_id BETWEEN $first AND $last
        AND prompt_id IN (SELECT prompt_id FROM analysis.samples WHERE prompt_id BETWEEN $first AND $last)
),

placed AS (
    SELECT
        prompt_id,
        unnest(tokens) AS token,
        unnest(list_prepend(NULL, tokens)) AS before,
        unnest(range(len(tokens)))::INTEGER AS position
    FROM sampled
),

-- Words are put together in one text, parted by the unit separator: one that is part of a token is
-- written as two others for that time, of which the first begins nothing else.
spelt AS (
    SELECT
        token,
        ends_word,
        begins_word,
        replace(replace(head, chr(30), chr(30) || '0'), chr(31), chr(30) || '1') AS head,
        replace(replace(lowered, chr(30), chr(30) || '0'), chr(31), chr(30) || '1') AS lowered
    FROM staging.token_forms
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
    JOIN spelt f ON f.token = p.token
    LEFT JOIN staging.token_forms b ON b.token = p.before
    WHERE NOT f.ends_word
),

joined AS (
    SELECT
        prompt_id,
        string_agg(CASE WHEN begins THEN chr(31) || head ELSE lowered END, '' ORDER BY position) AS words,
        list(position) FILTER (begins) AS positions
    FROM begun
    GROUP BY prompt_id
)

SELECT
    prompt_id,
    CASE
        WHEN contains(words, chr(30))
            THEN list_transform(
                string_split(words, chr(31))[2:],
                lambda word: replace(replace(word, chr(30) || '1', chr(31)), chr(30) || '0', chr(30))
            )
        ELSE string_split(words, chr(31))[2:]
    END AS words,
    list_sort(positions) AS positions
FROM joined
