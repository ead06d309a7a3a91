-- version: 1
-- description: The word n-grams of each sampled example around its largest activation: runs of words
--   whose first tokens are all at most words.reach from it, joined by a space, with repeats.
-- kind: view
-- counted: no
-- key: feature_id, prompt_id, ngram_size, position
-- column feature_id: the feature
-- column prompt_id: 0-based place in prompts.json
-- column sample_order: 1-based place inside the feature's sample: by quantile, then rank
-- column rank: 1-based place inside the quantile
-- column ngram_size: its words
-- column ngram: the n-gram
-- column position: 0-based position of the token in which its first word begins
-- column distance: tokens from the largest activation to there, negative before it
-- column word_order: 1-based place of its first word in the prompt
WITH places AS (
    SELECT
        feature_id,
        prompt_id,
        sample_order,
        rank,
        max_position,
        (max_position + unnest(range(-$words_reach, $words_reach + 1)))::INTEGER AS position
    FROM analysis.samples
),

begun AS (
    SELECT p.*, w.word_order
    FROM places p
    JOIN analysis.prompt_words w ON w.prompt_id = p.prompt_id AND w.position = p.position
)

SELECT
    b.feature_id,
    b.prompt_id,
    b.sample_order,
    b.rank,
    s.ngram_size,
    array_to_string(l.words[b.word_order : b.word_order + s.ngram_size - 1], ' ') AS ngram,
    b.position,
    b.position - b.max_position AS distance,
    b.word_order
FROM begun b
JOIN analysis.prompt_word_lists l ON l.prompt_id = b.prompt_id,
(SELECT unnest($words_sizes::INTEGER[]) AS ngram_size) s
WHERE l.positions[b.word_order + s.ngram_size - 1] <= b.max_position + $words_reach
