-- version: 1
-- description: The character n-grams of every distinct token of the sampled examples near their largest
--   activation, in lower case, with repeats. Special tokens have none.
-- key: token, ngram_size, char_offset
-- column token: as the prompts have it
-- column ngram_size: its code points
-- column char_offset: 0-based code point of the token's form at which it begins; at most 255
-- column ngram: the n-gram
WITH placed AS (
    SELECT
        f.token,
        f.lowered,
        s.ngram_size,
        unnest(range(least(length(f.lowered) - s.ngram_size + 1, 256)))::INTEGER AS char_offset
    FROM staging.token_forms f, (SELECT unnest($words_char_sizes::INTEGER[]) AS ngram_size) s
    WHERE NOT f.is_special
)

SELECT token, ngram_size, char_offset, substring(lowered, char_offset + 1, ngram_size) AS ngram
FROM placed
