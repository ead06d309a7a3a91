-- version: 1
-- description: The vectors of each feature's sampled windows; empty lists when it is silent everywhere.
-- kind: view
-- key: feature_id
-- order: feature_id
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column prompt_ids List(UInt32): the sampled prompts, by quantile, then rank
-- column embeddings List(List(Float32)): one vector a sampled window, in the same order
WITH sampled AS (
    SELECT
        t.feature_id,
        list(t.prompt_id ORDER BY t.sample_order) AS prompt_ids,
        list(v.vector ORDER BY t.sample_order) AS embeddings
    FROM texts.windows t
    JOIN vectors.windows v ON v.text_key = t.text_key
    JOIN staging.embedding_models m ON m.model = v.model AND m.is_default
    GROUP BY t.feature_id
)

SELECT
    f.feature_id,
    sae.sae_id,
    coalesce(s.prompt_ids, []) AS prompt_ids,
    coalesce(s.embeddings, []) AS embeddings
FROM staging.features f
CROSS JOIN staging.sae sae
LEFT JOIN sampled s ON s.feature_id = f.feature_id
WHERE f.num_examples > 0
