-- version: 2
-- description: Every explainer whose explanations were scored has explanations here.
-- severity: warning
SELECT 'explainer "'
    || s.explainer_short
    || '" has scores in '
    || string_agg(DISTINCT '"' || s.source || '"', ', ' ORDER BY '"' || s.source || '"')
    || ' but no explanations in any source taken: it is in no master' AS message
FROM staging.sources s
SEMI JOIN staging.score_files f ON f.source = s.source
ANTI JOIN staging.explainers e ON e.explainer_short = s.explainer_short
GROUP BY s.explainer_short
