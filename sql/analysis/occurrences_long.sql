-- version: 2
-- description: activation_example_similarity.top_common_ngrams.occurrences flattened: one row per
--   occurrence of a feature's top n-gram.
-- kind: view
-- key: feature_id, ngram_size, prompt_id, occurrence
-- collected: yes
-- column feature_id: the feature
-- column ngram_size: n
-- column ngram: the top n-gram of that n
-- column prompt_id: the prompt it occurs in
-- column token_position: 0-based place in the prompt of the token in which it begins
-- column occurrence: 1-based count of its occurrences in the prompt; a token may hold several
WITH prompts AS (
    SELECT feature_id, n, ngram, unnest(occurrences) AS o
    FROM analysis.top_ngrams
)

SELECT
    feature_id,
    n AS ngram_size,
    ngram,
    o.prompt_id AS prompt_id,
    unnest(o.positions) AS token_position,
    generate_subscripts(o.positions, 1) AS occurrence
FROM prompts
