-- version: 1
-- description: The vectors of each feature's sampled windows. A build reads it as a stream that
--   warehouse/write/gather.py makes in one pass over the store: as a GROUP BY it holds all vectors at once.
-- kind: view
-- key: model, feature_id
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column prompt_ids: the sampled prompts, by quantile, then rank
-- column vectors: one per sampled window, in the same order
SELECT
    v.model,
    t.feature_id,
    list(t.prompt_id ORDER BY t.sample_order) AS prompt_ids,
    list(v.vector ORDER BY t.sample_order) AS vectors
FROM texts.windows t
JOIN vectors.windows v ON v.text_key = t.text_key
GROUP BY v.model, t.feature_id
