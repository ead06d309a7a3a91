-- version: 1
-- description: The tokens that a latent fires on, by their ids.
-- key: feature_id, token_id
SELECT
    feature_id,
    token_id,
    count(*) AS count,
    avg(activation::DOUBLE) AS mean,
    max(activation) AS max
FROM part.entries
GROUP BY feature_id, token_id
