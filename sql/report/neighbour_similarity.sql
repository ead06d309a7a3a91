-- version: 1
-- description: The cosine similarity of decoder neighbours by rank: the middle, half and nine tenths
--   of all features.
SELECT
    rank,
    quantile_cont(cosine_similarity, 0.05) AS low,
    quantile_cont(cosine_similarity, 0.25) AS lower,
    quantile_cont(cosine_similarity, 0.5) AS median,
    quantile_cont(cosine_similarity, 0.75) AS upper,
    quantile_cont(cosine_similarity, 0.95) AS high
FROM analysis.decoder_neighbours
GROUP BY rank
ORDER BY rank
