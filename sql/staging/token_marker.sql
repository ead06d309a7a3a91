-- version: 1
-- description: What the tokens of this tokenizer begin with that begin a word: the setting, or the one of
--   the four marks on most tokens of all prompts (ties: in this order), none where no token has one.
-- column marker: ▁, Ġ, space, ## or none
WITH counted AS (
    SELECT
        count(*) FILTER (starts_with(token, '▁')) AS underlines,
        count(*) FILTER (starts_with(token, 'Ġ')) AS letters,
        count(*) FILTER (starts_with(token, ' ')) AS spaces,
        count(*) FILTER (starts_with(token, '##')) AS hashes
    FROM (SELECT unnest(tokens) AS token FROM staging.prompts WHERE $tokens_marker = 'auto')
)

SELECT
    CASE
        WHEN $tokens_marker <> 'auto' THEN $tokens_marker
        WHEN greatest(underlines, letters, spaces, hashes) = 0 THEN 'none'
        WHEN underlines = greatest(underlines, letters, spaces, hashes) THEN '▁'
        WHEN letters = greatest(underlines, letters, spaces, hashes) THEN 'Ġ'
        WHEN spaces = greatest(underlines, letters, spaces, hashes) THEN 'space'
        ELSE '##'
    END AS marker
FROM counted
