-- version: 1
-- description: A user's own tags of each feature, a column each, as analysis.feature_overview shows them.
-- key: feature_id
-- column feature_id: the feature
SELECT *
FROM (
    PIVOT (
        SELECT feature_id, name, tag
        FROM staging.figure_values
        WHERE status = 'kept' AND tag IS NOT NULL AND llm_explainer IS NULL AND scorer IS NULL
    )
    ON name USING any_value(tag) GROUP BY feature_id
)
