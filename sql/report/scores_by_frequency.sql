-- version: 1
-- description: Median score of the features that fire about as often, per explainer, scorer and method.
SELECT
    coalesce(llm_explainer, 'of the feature') AS explainer,
    scorer,
    method,
    log10(density_low) + 0.25 AS log_density,
    median_score AS score,
    features
FROM analysis.scores_by_frequency
ORDER BY method, explainer, scorer, log_density
