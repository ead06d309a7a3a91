-- version: 1
-- description: The windows that a Delphi run drew for its explainer or its scorers, by their largest
--   activation, as far as the cache and run_config.json tell. Equal ones cannot be told apart, and
--   need not be: they are counted.
-- key: feature_id, max_activation
-- column num_train: windows of that maximum that the explainer saw
-- column num_test: windows of that maximum that the scorers judged
-- column num_both: windows of that maximum that are on both sides
SELECT
    feature_id,
    w.max_activation AS max_activation,
    count(*) FILTER (w.in_train) AS num_train,
    count(*) FILTER (w.in_test) AS num_test,
    count(*) FILTER (w.in_train AND w.in_test) AS num_both
FROM (
    SELECT feature_id, unnest(drawn) AS w
    FROM staging.latents
    WHERE status = 'kept'
)
GROUP BY feature_id, max_activation
