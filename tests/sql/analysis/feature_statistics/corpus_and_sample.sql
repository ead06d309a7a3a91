-- SPEC-INPUTS.md, statistics: dead = it never fires (by its count, or its density where no count is known); dense = its
-- density is above 0.25, and feature 2's ties with that: not dense. Of a sample nothing is said of the density: null.
-- set statistics.dense = 0.25
-- given analysis.corpus_statistics: feature_id BIGINT, num_tokens BIGINT, firing_count BIGINT, density DOUBLE, max_activation DOUBLE, mean_activation DOUBLE, histogram STRUCT(low DOUBLE, high DOUBLE, count BIGINT)[], top_logits STRUCT(token VARCHAR, "value" DOUBLE)[], bottom_logits STRUCT(token VARCHAR, "value" DOUBLE)[], top_tokens STRUCT(token VARCHAR, count BIGINT, mean DOUBLE, max DOUBLE)[], top_token_share DOUBLE, token_entropy DOUBLE
(1, 8, 4, 0.5, 2, 1, [], [], [], [], NULL, NULL), (2, 8, 2, 0.25, 2, 1, [], [('a', 1)], [], [], NULL, NULL),
(3, 8, 0, 0, NULL, NULL, [], [], [], [], NULL, NULL), (4, NULL, NULL, 0, NULL, NULL, [], [], [], [], NULL, NULL),
(5, NULL, NULL, NULL, 3, NULL, [], [], [], [], NULL, NULL),
-- given analysis.sample_statistics: feature_id BIGINT, num_tokens BIGINT, firing_count BIGINT, max_activation DOUBLE, mean_activation DOUBLE, histogram STRUCT(low DOUBLE, high DOUBLE, count BIGINT)[], top_tokens STRUCT(token VARCHAR, count BIGINT, mean DOUBLE, max DOUBLE)[], top_token_share DOUBLE, token_entropy DOUBLE
(1, 6, 0, NULL, NULL, [], [], NULL, NULL),
-- expect: feature_id, basis, num_tokens, firing_count, density, is_dead, is_dense, max_activation, mean_activation, histogram, top_logits, bottom_logits, top_tokens, top_token_share, token_entropy
(1, 'corpus', 8, 4, 0.5, false, true, 2, 1, [], [], [], [], NULL, NULL),
(1, 'sample', 6, 0, NULL, NULL, NULL, NULL, NULL, [], [], [], [], NULL, NULL),
(2, 'corpus', 8, 2, 0.25, false, false, 2, 1, [], [{'token': 'a', 'value': 1}], [], [], NULL, NULL),
(3, 'corpus', 8, 0, 0, true, false, NULL, NULL, [], [], [], [], NULL, NULL),
(4, 'corpus', NULL, NULL, 0, true, false, NULL, NULL, [], [], [], [], NULL, NULL),
(5, 'corpus', NULL, NULL, NULL, NULL, NULL, 3, NULL, [], [], [], [], NULL, NULL),
