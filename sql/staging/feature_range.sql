-- version: 1
-- description: The largest feature id in the data: what the decoder must hold.
SELECT coalesce(max(feature_id), 0) AS largest
FROM staging.features
