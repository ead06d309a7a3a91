-- version: 1
-- description: Why an exporter chose an example: one row per record of it that was read, where the
--   records tell the interval of values that they were chosen for (Neuronpedia, SAEDashboard).
-- kind: view
-- key: file, line
-- column group_kind: top (the largest values), or interval
-- column bin_min: smallest value of the interval; null in the top group
-- column bin_max: largest value of the interval, or of all in the top group
-- column bin_share: share of the firings in the interval; null in the top group
-- column qualifying_token: 0-based position of the token that put the prompt into the group; null
--   where the exporter cut it off
SELECT
    feature_id,
    prompt_id,
    CASE WHEN interval.low = -1 THEN 'top' ELSE 'interval' END AS group_kind,
    nullif(interval.low, -1) AS bin_min,
    interval.high AS bin_max,
    nullif(interval.share, -1) AS bin_share,
    nullif(interval.token, -1) AS qualifying_token,
    file,
    line
FROM staging.activation_records
WHERE interval IS NOT NULL AND status IN ('kept', 'merged')
