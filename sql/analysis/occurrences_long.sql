-- version: 1
-- description: activation_example_similarity.top_common_ngrams.occurrences flattened: a row an
--   occurrence of a feature's top n-gram.
-- kind: view
-- column feature_id: the feature
-- column ngram_size: n
-- column ngram: the top n-gram of that n
-- column prompt_id: the prompt it occurs in
-- column token_position: 0-based place in the prompt of the token in which it begins; one that holds
--   it twice stands twice
WITH prompts AS (
    SELECT feature_id, n, ngram, unnest(occurrences) AS o
    FROM analysis.top_ngrams
)

SELECT
    feature_id,
    n AS ngram_size,
    ngram,
    o.prompt_id AS prompt_id,
    unnest(o.positions) AS token_position
FROM prompts
