-- version: 1
-- description: The sources and short names that the settings list exist.
-- hint: list names as the directories under raw/ are called: <explainer>_e-<scorer>_s
SELECT 'setting "explanations.sources": "' || s.name || '" is no source with explanations' AS message
FROM (SELECT unnest($explanations_sources::VARCHAR[]) AS name) s
ANTI JOIN staging.explanations e ON e.source = s.name
UNION ALL
SELECT 'setting "explanations.explainers": "' || s.name || '" is no explainer''s short name' AS message
FROM (SELECT unnest($explanations_explainers::VARCHAR[]) AS name) s
ANTI JOIN staging.sources e ON e.explainer_short = s.name
UNION ALL
SELECT 'setting "scores.scorers": "' || s.name || '" is no scorer''s short name' AS message
FROM (SELECT unnest($scores_scorers::VARCHAR[]) AS name) s
ANTI JOIN staging.sources e ON e.scorer_short = s.name
