-- version: 1
-- description: The features that the nulls of the pattern types are made of: all with an example in each
--   quantile, or calibration.samples of them. The mean over a pair or two says little of a feature, and
--   would decide where the rarest hundredth of a null begins.
-- key: feature_id
-- column feature_id: the feature
-- column examples: its sampled examples
SELECT feature_id, count(*) AS examples
FROM analysis.samples
GROUP BY feature_id
HAVING count(*) >= greatest($sampling_quantiles, 2)
QUALIFY row_number() OVER (ORDER BY md5(concat_ws(' ', $calibration_seed, feature_id))) <= $calibration_samples
