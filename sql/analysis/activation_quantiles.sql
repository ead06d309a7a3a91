-- version: 2
-- description: Per feature the quantile boundaries of max_activation over its active examples, of
--   a latents cache over all records, kept or not.
-- key: feature_id
-- column feature_id: the feature
-- column num_active: examples with an activation
-- column boundaries: linear-interpolated, double precision; [] with fewer examples than quantiles
SELECT
    feature_id,
    count(*) AS num_active,
    CASE
        WHEN count(*) >= $sampling_quantiles
            THEN quantile_cont(
                max_activation::DOUBLE,
                list_transform(range(1, $sampling_quantiles), lambda i: i / $sampling_quantiles)
            )
        ELSE []::DOUBLE[]
    END AS boundaries
FROM staging.activation_records
WHERE status = 'kept' AND num_activations > 0
GROUP BY feature_id
UNION ALL
SELECT feature_id, num_records AS num_active, boundaries
FROM staging.latents
WHERE status = 'kept'
