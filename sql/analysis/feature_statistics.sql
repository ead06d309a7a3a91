-- version: 1
-- description: How often and how strongly each feature fires, one row per feature and basis. corpus: over
--   all tokens that the model read, from firing counts, a latents cache, an export's features or
--   SAELens' sparsity; sample: of the kept records alone, which were selected, so nothing is said of
--   its density.
-- key: feature_id, basis
-- collected: yes
-- column feature_id: the feature
-- column basis: corpus or sample
-- column num_tokens: tokens that were read; of a sample those of its records' prompts; null of an export
-- column firing_count: tokens that it fires on: Delphi's own count, else entries of the cache, else the
--   bars of the export's histogram
-- column density: share of the tokens that it fires on; null for a sample, always
-- column is_dead: whether it never fires; null for a sample
-- column is_dense: whether its density is over statistics.dense; null for a sample
-- column max_activation: the largest
-- column mean_activation: over the tokens that it fires on
-- column histogram: firings in equal bins from 0 to the maximum; an export's own bars where it has them
-- column top_logits: tokens that it promotes, where the source has them
-- column bottom_logits: tokens that it suppresses
-- column top_tokens: the tokens that it fires on most often
-- column top_token_share: the most frequent token's share of the firings
-- column token_entropy: in bits, over the tokens that it fires on
SELECT
    feature_id,
    'corpus' AS basis,
    num_tokens,
    firing_count,
    density,
    coalesce(firing_count = 0, density = 0) AS is_dead,
    density > $statistics_dense AS is_dense,
    max_activation,
    mean_activation,
    histogram,
    top_logits,
    bottom_logits,
    top_tokens,
    top_token_share,
    token_entropy
FROM analysis.corpus_statistics
UNION ALL
SELECT
    feature_id,
    'sample' AS basis,
    num_tokens,
    firing_count,
    NULL AS density,
    NULL AS is_dead,
    NULL AS is_dense,
    max_activation,
    mean_activation,
    histogram,
    [] AS top_logits,
    [] AS bottom_logits,
    top_tokens,
    top_token_share,
    token_entropy
FROM analysis.sample_statistics
ORDER BY feature_id, basis
