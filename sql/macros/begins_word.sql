-- version: 1
-- description: Whether a token begins a word, by the tokenizer's marker: ▁, Ġ, space, ## (which is
--   on the tokens that go on with a word) or none.
CREATE OR REPLACE MACRO begins_word(token, marker) AS
    CASE marker
        WHEN 'none' THEN true
        WHEN 'space' THEN starts_with(token, ' ')
        WHEN '##' THEN NOT starts_with(token, '##')
        ELSE starts_with(token, marker)
    END
