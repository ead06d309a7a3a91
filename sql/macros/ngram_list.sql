-- version: 2
-- description: All n-grams of a window in order, with repeats. Characters (Unicode code points) of
--   the tokens joined by nothing, or runs of n whole tokens joined by nothing. The outer
--   list_transform over one text joins the tokens once instead of once an n-gram. A long text is cut
--   into blocks first: substring counts its way from the beginning, which takes the square of the time.
CREATE OR REPLACE MACRO ngram_list(tokens, n, unit) AS
    CASE
        WHEN unit = 'tokens'
            THEN list_transform(
                range(len(tokens) - n + 1),
                lambda i: array_to_string(tokens[i + 1 : i + n], '')
            )
        ELSE list_transform(
            [array_to_string(tokens, '')],
            lambda joined: CASE
                WHEN length(joined) <= 256
                    THEN list_transform(
                        range(length(joined) - n + 1),
                        lambda i: substring(joined, i + 1, n)
                    )
                ELSE flatten(list_transform(
                    range(0, length(joined) - n + 1, 256),
                    lambda first: list_transform(
                        [substring(joined, first + 1, 255 + n)],
                        lambda block: list_transform(
                            range(length(block) - n + 1),
                            lambda i: substring(block, i + 1, n)
                        )
                    )[1]
                ))
            END
        )[1]
    END
