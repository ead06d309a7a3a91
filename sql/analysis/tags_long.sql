-- version: 1
-- description: Every tag of a user's own files (raw/figures/) by its name.
-- kind: view
-- key: tag, feature_id, llm_explainer, scorer
-- collected: yes
-- column tag: <file's name>.<column>
-- column feature_id: the feature
-- column llm_explainer: full name of the explainer; null where the tag is the feature's own
-- column scorer: full name of the scorer; null where the tag is of no scorer
-- column value: the tag
SELECT name AS tag, feature_id, llm_explainer, scorer, tag AS value
FROM staging.figure_values
WHERE status = 'kept' AND tag IS NOT NULL
