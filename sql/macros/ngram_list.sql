-- version: 1
-- description: All n-grams of a window in order, with repeats. Characters (Unicode code points) of
--   the tokens joined by nothing, or runs of n whole tokens joined by nothing. The outer
--   list_transform over one text joins the tokens once instead of once an n-gram.
CREATE OR REPLACE MACRO ngram_list(tokens, n, unit) AS
    CASE
        WHEN unit = 'tokens'
            THEN list_transform(
                range(len(tokens) - n + 1),
                lambda i: array_to_string(tokens[i + 1 : i + n], '')
            )
        ELSE list_transform(
            [array_to_string(tokens, '')],
            lambda joined: list_transform(
                range(length(joined) - n + 1),
                lambda i: substring(joined, i + 1, n)
            )
        )[1]
    END
