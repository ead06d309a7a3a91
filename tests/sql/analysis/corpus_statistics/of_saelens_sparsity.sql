-- Only densities: all else is null. Feature 3 is refused, feature 7 is outside of the scope. Nothing can tie.
-- set scope.features = "0-5"
-- given staging.latents: feature_id BIGINT, status VARCHAR, tokens STRUCT(token_id INTEGER, count BIGINT, mean DOUBLE, max DOUBLE)[], num_tokens BIGINT, num_entries BIGINT, max_activation DOUBLE, total DOUBLE, bars BIGINT[], top_count BIGINT, token_entropy DOUBLE
-- given staging.token_strings: token_id INTEGER, token VARCHAR
-- given staging.firing_counts: file VARCHAR, feature_id BIGINT, firing_count BIGINT, reason VARCHAR
-- given staging.example_groups: feature_id BIGINT, group_kind VARCHAR, bin_max DOUBLE
-- given staging.export_features: feature_id BIGINT, status VARCHAR, bar_heights DOUBLE[], bar_values DOUBLE[], density DOUBLE, max_activation DOUBLE, top_logits STRUCT(token VARCHAR, "value" DOUBLE)[], bottom_logits STRUCT(token VARCHAR, "value" DOUBLE)[]
-- given staging.sparsity: feature_id BIGINT, density DOUBLE, reason VARCHAR
(1, 0.25, NULL), (2, 0, NULL), (3, NULL, 'value not finite'), (7, 0.5, NULL),
-- expect: feature_id, num_tokens, firing_count, density, max_activation, mean_activation, histogram, top_logits, bottom_logits, top_tokens, top_token_share, token_entropy
(1, NULL, NULL, 0.25, NULL, NULL, [], [], [], [], NULL, NULL),
(2, NULL, NULL, 0, NULL, NULL, [], [], [], [], NULL, NULL),
