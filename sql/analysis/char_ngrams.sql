-- version: 2
-- description: The character n-grams of the tokens at and near each sampled example's largest activation,
--   in lower case, never across tokens, with repeats.
-- kind: view
-- counted: no
-- key: feature_id, prompt_id, ngram_size, position, char_offset
-- column feature_id: the feature
-- column prompt_id: 0-based place in prompts.json
-- column sample_order: 1-based place inside the feature's sample: by quantile, then rank
-- column rank: 1-based place inside the quantile
-- column ngram_size: its code points
-- column ngram: the n-gram
-- column position: 0-based position of its token in the prompt
-- column char_offset: 0-based code point of the token's form at which it begins
-- column distance: tokens from the largest activation to there, negative before it
-- column token: its token, as the prompt has it
WITH cut AS (  -- before anything is unnested: all prompts' tokens one by one are many
    SELECT
        s.feature_id,
        s.prompt_id,
        s.sample_order,
        s.rank,
        s.max_position,
        greatest($display_char_reach, $pairs_char_reach) AS reach,
        greatest(s.max_position - reach, 0) AS first_position,
        p.tokens[first_position + 1 : least(s.max_position + reach + 1, 65536)] AS tokens
    FROM analysis.samples s
    JOIN staging.prompts p ON p.prompt_id = s.prompt_id
),

places AS (
    SELECT
        * EXCLUDE (reach, first_position, tokens),
        (first_position + unnest(range(len(tokens))))::INTEGER AS position,
        unnest(tokens) AS token
    FROM cut
)

SELECT
    p.feature_id,
    p.prompt_id,
    p.sample_order,
    p.rank,
    g.ngram_size,
    g.ngram,
    p.position,
    g.char_offset,
    p.position - p.max_position AS distance,
    p.token
FROM places p
JOIN analysis.token_ngrams g ON g.token = p.token
