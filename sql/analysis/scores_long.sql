-- version: 3
-- description: Every score by its explainer, scorer and method: one row per score. What was not scored has
--   no row.
-- key: feature_id, llm_explainer, scorer, method
-- collected: yes
-- column feature_id: the feature
-- column llm_explainer: full name of the explainer; null for a method that does not judge the explanation
-- column scorer: full name of the scorer
-- column method: see analysis.scores
-- column score: see analysis.scores
WITH named AS (
    SELECT
        a.feature_id,
        CASE WHEN a.of_explanation THEN e.explainer END AS llm_explainer,
        o.scorer,
        a.method,
        a.score
    FROM analysis.scores a
    JOIN staging.sources s ON s.source = a.source
    JOIN staging.scorers o ON o.scorer_short = s.scorer_short
    LEFT JOIN staging.explainers x ON x.explainer_short = s.explainer_short
    LEFT JOIN analysis.explanations e ON e.feature_id = a.feature_id AND e.explainer_order = x.explainer_order
    WHERE a.score IS NOT NULL AND (e.explainer IS NOT NULL OR NOT a.of_explanation)
)

-- Of two sources of one explainer and scorer the larger score counts, as in features.scores.
SELECT feature_id, llm_explainer, scorer, method, max(score) AS score
FROM named
GROUP BY feature_id, llm_explainer, scorer, method
ORDER BY feature_id, llm_explainer, scorer, method
