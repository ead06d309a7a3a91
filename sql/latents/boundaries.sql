-- version: 1
-- description: Per latent the quantile boundaries of max_activation over all of its records, as
--   analysis.activation_quantiles has them of other inputs.
-- key: feature_id
SELECT
    feature_id,
    count(*) AS num_records,
    CASE
        WHEN count(*) >= $sampling_quantiles
            THEN quantile_cont(
                max_activation::DOUBLE,
                list_transform(range(1, $sampling_quantiles), lambda i: i / $sampling_quantiles)
            )
        ELSE []::DOUBLE[]
    END AS boundaries
FROM part.records
GROUP BY feature_id
