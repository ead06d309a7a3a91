-- version: 2
-- description: The statistic of patterns.semantic_threshold on made-up features: the mean cosine
--   similarity over all pairs of their windows.
-- key: made_up_id
-- column made_up_id: the made-up feature
-- column mean_similarity: mean over the pairs
WITH gathered AS (
    SELECT f.made_up_id, list(v.vector ORDER BY f.slot) AS vectors
    FROM calibration.made_up_features f
    JOIN texts.windows t ON t.feature_id = f.feature_id AND t.prompt_id = f.prompt_id
    JOIN vectors.windows v ON v.text_key = t.text_key
    JOIN staging.embedding_models m ON m.model = v.model AND m.is_default
    GROUP BY f.made_up_id
    HAVING count(*) > 1
)

SELECT
    made_up_id,
    list_avg(pairwise_cosines(vectors))::FLOAT AS mean_similarity
FROM gathered
