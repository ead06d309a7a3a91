-- version: 1
-- description: A feature's card: how often and how strongly it fires, in the corpus and in its records.
-- argument feature: the feature's id
SELECT
    basis,
    num_tokens,
    firing_count,
    density,
    is_dead,
    is_dense,
    max_activation,
    mean_activation,
    top_tokens,
    top_token_share,
    token_entropy,
    top_logits,
    bottom_logits
FROM analysis.feature_statistics
WHERE feature_id = $feature
ORDER BY basis
