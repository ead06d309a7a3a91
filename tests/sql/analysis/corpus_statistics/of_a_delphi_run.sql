-- The cache has 7 entries of feature 1, its firing count is Delphi's own of the first file, 8 of 100 tokens. Its two
-- most frequent tokens tie in count and mean: the smaller string first, and only two are listed. Mean 21 / 7.
-- Two bars to the maximum 9. Feature 2 never fired: a count and nulls. Feature 3's latent is refused.
-- An export's rows would come after; SAELens' sparsity is left out, as the cache is there.
-- set statistics.top_tokens = 2
-- given staging.latents: feature_id BIGINT, status VARCHAR, tokens STRUCT(token_id INTEGER, count BIGINT, mean DOUBLE, max DOUBLE)[], num_tokens BIGINT, num_entries BIGINT, max_activation DOUBLE, total DOUBLE, bars BIGINT[], top_count BIGINT, token_entropy DOUBLE
(1, 'kept', [(7, 1, 9, 9), (5, 3, 2, 4), (6, 3, 2, 3)], 100, 7, 9, 21, [4, 3], 3, 1.5),
(3, 'quarantined', [], 100, 1, 1, 1, NULL, 1, 0),
-- given staging.token_strings: token_id INTEGER, token VARCHAR
(5, 'b'), (6, 'a'), (7, 'c'),
-- given staging.firing_counts: file VARCHAR, feature_id BIGINT, firing_count BIGINT, reason VARCHAR
('1.pt', 1, 8, NULL), ('1.pt', 2, 0, NULL), ('2.pt', 1, 99, NULL),
-- given staging.example_groups: feature_id BIGINT, group_kind VARCHAR, bin_max DOUBLE
-- given staging.export_features: feature_id BIGINT, status VARCHAR, bar_heights DOUBLE[], bar_values DOUBLE[], density DOUBLE, max_activation DOUBLE, top_logits STRUCT(token VARCHAR, "value" DOUBLE)[], bottom_logits STRUCT(token VARCHAR, "value" DOUBLE)[]
-- given staging.sparsity: feature_id BIGINT, density DOUBLE, reason VARCHAR
(4, 0.5, NULL),
-- expect: feature_id, num_tokens, firing_count, density, max_activation, mean_activation, histogram, top_logits, bottom_logits, top_tokens, top_token_share, token_entropy
(1, 100, 8, 0.08, 9, 3, [{'low': 0, 'high': 4.5, 'count': 4}, {'low': 4.5, 'high': 9, 'count': 3}], [], [],
    [{'token': 'a', 'count': 3, 'mean': 2, 'max': 3}, {'token': 'b', 'count': 3, 'mean': 2, 'max': 4}], 3/7, 1.5),
(2, 100, 0, 0, NULL, NULL, [], [], [], [], NULL, NULL),
