-- version: 1
-- description: Every distinct token of the prompts as people read it, and what it does to words.
-- key: token
-- column token: as the prompts have it
-- column form: without its tokenizer's marks and without white space at its ends
-- column lowered: the form in lower case, code point by code point
-- column is_special: it is no text (tokens.special)
-- column ends_word: it is special, empty or nothing but punctuation: the word before it ends
-- column begins_word: it begins a word
-- column head: what it gives to a word that it begins: lowered without leading punctuation
WITH tokens AS (
    SELECT DISTINCT unnest(tokens) AS token
    FROM staging.prompts
),

formed AS (
    SELECT
        t.token,
        token_form(t.token, m.marker) AS form,
        lower(token_form(t.token, m.marker)) AS lowered,
        list_contains($tokens_special::VARCHAR[], t.token) AS is_special,
        begins_word(t.token, m.marker) AS begins_word
    FROM tokens t
    CROSS JOIN staging.token_marker m
)

SELECT
    token,
    form,
    lowered,
    is_special,
    is_special OR ltrim(lowered, $tokens_punctuation) = '' AS ends_word,
    begins_word,
    ltrim(lowered, $tokens_punctuation) AS head
FROM formed
ORDER BY token
