-- version: 1
-- description: Positions in the prompt of the tokens in which the occurrences of `gram` begin, one
--   per occurrence, overlapping ones too.
CREATE OR REPLACE MACRO ngram_positions(tokens, first, gram, n, unit) AS
    list_transform(
        list_filter(
            list_zip(ngram_list(tokens, n, unit), ngram_starts(tokens, first, unit)),
            lambda pair: pair[1] = gram
        ),
        lambda pair: pair[2]
    )
