-- version: 1
-- description: A user's own figures of each feature, a column each, as analysis.feature_overview shows them.
-- key: feature_id
-- column feature_id: the feature
SELECT *
FROM (
    PIVOT (
        SELECT feature_id, name, figure
        FROM staging.figure_values
        WHERE status = 'kept' AND figure IS NOT NULL AND llm_explainer IS NULL AND scorer IS NULL
    )
    ON name USING any_value(figure) GROUP BY feature_id
)
