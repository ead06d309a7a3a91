-- version: 1
-- description: The windows that were drawn, per latent: for the explainer, for the scorers, or for both.
-- key: feature_id
SELECT
    w.feature_id,
    list(
        {'max_activation': w.max_activation, 'in_train': d.in_train, 'in_test': d.in_test}
        ORDER BY w.rank
    ) AS drawn
FROM part.windows w
JOIN part.draws d ON d.num_windows = w.num_windows AND d.rank = w.rank
GROUP BY w.feature_id
