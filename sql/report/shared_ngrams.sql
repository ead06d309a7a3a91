-- version: 1
-- description: The n-grams that are the top one of the most features, words and characters, each with how
--   many features share it and how much their examples do.
WITH counted AS (
    SELECT kind, ngram, count(*) AS features, avg(share) AS share
    FROM analysis.shared_ngrams
    WHERE ngram IS NOT NULL AND share IS NOT NULL
    GROUP BY kind, ngram
    QUALIFY row_number() OVER (PARTITION BY kind ORDER BY count(*) DESC, ngram) <= 12
)

SELECT kind, ngram, features, share
FROM counted
ORDER BY kind DESC, features DESC, ngram
