-- version: 3
-- description: The vectors of each feature's sampled windows; empty lists when it is silent everywhere.
-- kind: view
-- key: feature_id
-- order: feature_id
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column prompt_ids List(UInt32): the sampled prompts, by quantile, then rank
-- column embeddings List(List(Float32)): one vector per sampled window, in the same order
WITH sampled AS (
    SELECT v.feature_id, v.prompt_ids, v.vectors
    FROM analysis.sampled_vectors v
    JOIN staging.default_model m ON m.model = v.model
)

SELECT
    f.feature_id,
    sae.sae_id,
    coalesce(s.prompt_ids, []) AS prompt_ids,
    coalesce(s.vectors, []) AS embeddings
FROM staging.features f
CROSS JOIN staging.sae sae
LEFT JOIN sampled s ON s.feature_id = f.feature_id
WHERE f.num_examples > 0
