-- SPEC.md 3, quantile sampling: boundaries are the linear-interpolated quantiles 1/4, 2/4, 3/4 of
-- max_activation over the examples with an activation.
-- Feature 1 has 1, 2, 2, 5 (a tie): places 0.75, 1.5, 2.25 give 1.75, 2, 2 + 0.25 * 3 = 2.75. Its silent
-- example (null) and the quarantined one do not count.
-- Feature 2 has fewer examples than quantiles: no boundaries. Feature 3 is silent: no row.
-- Feature 9 is in a latents cache, which counts all records, kept or not; feature 8's latent is refused.
-- given staging.activation_records: feature_id BIGINT, status VARCHAR, num_activations BIGINT, max_activation FLOAT
(1, 'kept', 1, 2), (1, 'kept', 3, 1), (1, 'kept', 1, 5), (1, 'kept', 2, 2),
(1, 'kept', 0, NULL), (1, 'quarantined', 1, 100),
(2, 'kept', 1, 4), (2, 'kept', 1, 4), (2, 'kept', 1, 7),
(3, 'kept', 0, NULL),
-- given staging.latents: feature_id BIGINT, status VARCHAR, num_records BIGINT, boundaries DOUBLE[]
(9, 'kept', 400, [1, 2, 3]), (8, 'quarantined', 5, [1, 1, 1]),
-- expect: feature_id, num_active, boundaries
(1, 4, [1.75, 2, 2.75]),
(2, 3, []),
(9, 400, [1, 2, 3]),
