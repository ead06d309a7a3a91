-- version: 1
-- description: For each n-gram of ngram_list, the 0-based position in the prompt of the token in
--   which it begins; `first` is the position of the window's first token.
CREATE OR REPLACE MACRO ngram_starts(tokens, first, unit) AS
    CASE
        WHEN unit = 'tokens' THEN list_transform(tokens, lambda t, i: (first + i - 1)::INTEGER)
        ELSE flatten(
            list_transform(
                tokens,
                lambda t, i: list_resize([]::INTEGER[], length(t), (first + i - 1)::INTEGER)
            )
        )
    END
