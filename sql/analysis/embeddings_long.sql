-- version: 2
-- description: activation_embeddings flattened: one row per sampled window, with its text.
-- kind: view
-- key: feature_id, sample_order
-- column feature_id: the feature
-- column sample_order: 1-based place in the feature's sample: by quantile, then rank
-- column prompt_id: 0-based place in prompts.json
-- column quantile: 1-based quantile of max_activation
-- column max_activation: the example's largest value
-- column text: the window's tokens joined by a space
-- column embedding: the window's vector
SELECT
    t.feature_id,
    t.sample_order,
    t.prompt_id,
    s.quantile,
    s.max_activation,
    t.text,
    v.vector AS embedding
FROM texts.windows t
JOIN analysis.samples s ON s.feature_id = t.feature_id AND s.prompt_id = t.prompt_id
JOIN vectors.windows v ON v.text_key = t.text_key
JOIN staging.default_model m ON m.model = v.model
