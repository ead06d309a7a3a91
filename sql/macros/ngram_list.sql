-- version: 1
-- description: All n-grams of a window in order, with repeats. Characters (Unicode code points) of
--   the tokens joined by nothing, or runs of n whole tokens joined by nothing.
CREATE OR REPLACE MACRO ngram_list(tokens, n, unit) AS
    CASE
        WHEN unit = 'tokens'
            THEN list_transform(
                range(len(tokens) - n + 1),
                lambda i: array_to_string(tokens[i + 1 : i + n], '')
            )
        ELSE list_transform(
            range(length(array_to_string(tokens, '')) - n + 1),
            lambda i: substring(array_to_string(tokens, ''), i + 1, n)
        )
    END
