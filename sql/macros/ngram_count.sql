-- version: 1
-- description: How many n-grams ngram_list gives, repeats counted.
CREATE OR REPLACE MACRO ngram_count(tokens, n, unit) AS
    greatest(
        CASE WHEN unit = 'tokens' THEN len(tokens) ELSE length(array_to_string(tokens, '')) END - n + 1,
        0
    )
