-- version: 1
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
WITH places AS (
    SELECT
        feature_id,
        prompt_id,
        sample_order,
        rank,
        max_position,
        (
            max_position + unnest(range(
                -greatest($display_char_reach, $pairs_char_reach), greatest($display_char_reach, $pairs_char_reach) + 1
            ))
        )::INTEGER AS position
    FROM analysis.samples
),

tokens AS (
    SELECT prompt_id, unnest(tokens) AS token, unnest(range(len(tokens)))::INTEGER AS position
    FROM staging.prompts
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
    t.token
FROM places p
JOIN tokens t ON t.prompt_id = p.prompt_id AND t.position = p.position
JOIN analysis.token_ngrams g ON g.token = t.token
WHERE p.position < 65536
