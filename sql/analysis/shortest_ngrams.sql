-- version: 2
-- description: The n-grams of the smallest n in the windows of the sampled examples, with repeats: no
--   longer n-gram is held more often. What analysis.shared_ngrams and analysis.pair_ngrams count.
-- kind: view
-- counted: no
-- column kind: characters or words
-- column feature_id: the feature
-- column prompt_id: 0-based place in prompts.json
-- column sample_order: 1-based place inside the feature's sample: by quantile, then rank
-- column rank: 1-based place inside the quantile
-- column ngram: the n-gram
-- column position: 0-based position of the token in which it begins
-- column distance: tokens from the largest activation to there, negative before it
-- column place: the code point of the token at which it begins, or its first word's place in the prompt
-- column inside: what n-grams of which one begins a place after the other have in common: for
--   characters the position of their token
-- column token: for characters their token, as the prompt has it
WITH lists AS (
    SELECT
        prompt_id,
        positions[1 : len(words) - list_min($words_sizes::INTEGER[]) + 1] AS firsts,
        positions[list_min($words_sizes::INTEGER[]) : len(positions)] AS lasts,
        CASE
            WHEN list_min($words_sizes::INTEGER[]) = 1 THEN words
            ELSE list_transform(
                range(1, len(words) - list_min($words_sizes::INTEGER[]) + 2),
                lambda i: array_to_string(words[i : i + list_min($words_sizes::INTEGER[]) - 1], ' ')
            )
        END AS ngrams
    FROM analysis.prompt_word_lists
    WHERE len(words) >= list_min($words_sizes::INTEGER[])
),

-- Unnested behind the join: the words of all prompts would be the larger side of it.
first_words AS (
    SELECT
        s.feature_id,
        s.prompt_id,
        s.sample_order,
        s.rank,
        s.max_position,
        unnest(range(1, len(l.firsts) + 1))::INTEGER AS word_order,
        unnest(l.firsts) AS position,
        unnest(l.lasts) AS last_position,
        unnest(l.ngrams) AS ngram
    FROM analysis.samples s
    JOIN lists l ON l.prompt_id = s.prompt_id
)

SELECT
    'characters' AS kind, feature_id, prompt_id, sample_order, rank, ngram, position, distance,
    char_offset::INTEGER AS place, position AS inside, token
FROM analysis.char_ngrams
WHERE ngram_size = list_min($words_char_sizes::INTEGER[])
UNION ALL
SELECT
    'words' AS kind, feature_id, prompt_id, sample_order, rank, ngram, position,
    position - max_position AS distance, word_order AS place, 0 AS inside, NULL AS token
FROM first_words
WHERE position >= max_position - $words_reach AND last_position <= max_position + $words_reach
