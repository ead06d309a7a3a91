-- version: 1
-- description: A feature's card: what a user's own files say of it.
-- argument feature: the feature's id
-- column value: a figure, or a tag
SELECT name, llm_explainer AS explainer, scorer, coalesce(figure::VARCHAR, tag) AS value
FROM staging.figure_values
WHERE feature_id = $feature AND status = 'kept' AND name IS NOT NULL
ORDER BY name, explainer, scorer
