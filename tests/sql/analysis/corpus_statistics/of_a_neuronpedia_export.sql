-- An export says what its histogram's bars hold: 2 + 1 firings; the values are centres, so the bars are 1 wide. The
-- top group's upper bound 2 is larger than maxActApprox 1.75. Feature 2 has none of it: nulls, no ties possible.
-- given staging.latents: feature_id BIGINT, status VARCHAR, tokens STRUCT(token_id INTEGER, count BIGINT, mean DOUBLE, max DOUBLE)[], num_tokens BIGINT, num_entries BIGINT, max_activation DOUBLE, total DOUBLE, bars BIGINT[], top_count BIGINT, token_entropy DOUBLE
-- given staging.token_strings: token_id INTEGER, token VARCHAR
-- given staging.firing_counts: file VARCHAR, feature_id BIGINT, firing_count BIGINT, reason VARCHAR
-- given staging.example_groups: feature_id BIGINT, group_kind VARCHAR, bin_max DOUBLE
(1, 'top', 2), (1, 'interval', 3),
-- given staging.export_features: feature_id BIGINT, status VARCHAR, bar_heights DOUBLE[], bar_values DOUBLE[], density DOUBLE, max_activation DOUBLE, top_logits STRUCT(token VARCHAR, "value" DOUBLE)[], bottom_logits STRUCT(token VARCHAR, "value" DOUBLE)[]
(1, 'kept', [2, 1], [0.5, 1.5], 0.03, 1.75, [('yes', 2)], [('no', -2)]),
(2, 'kept', [], [], NULL, NULL, [], []),
(3, 'quarantined', [1], [1], 0.5, 1, [], []),
-- given staging.sparsity: feature_id BIGINT, density DOUBLE, reason VARCHAR
(4, 0.5, NULL),
-- expect: feature_id, num_tokens, firing_count, density, max_activation, mean_activation, histogram, top_logits, bottom_logits, top_tokens, top_token_share, token_entropy
(1, NULL, 3, 0.03, 2, NULL, [{'low': 0, 'high': 1, 'count': 2}, {'low': 1, 'high': 2, 'count': 1}],
    [{'token': 'yes', 'value': 2}], [{'token': 'no', 'value': -2}], [], NULL, NULL),
(2, NULL, NULL, NULL, NULL, NULL, [], [], [], [], NULL, NULL),
