-- version: 2
-- description: Sources of one explainer hold the same explanations.
-- severity: warning
SELECT
    'explainer "' || s.explainer_short || '": ' || count(*) || ' explanations in "' || e.source
    || '" differ from those taken from "' || x.source || '", the first of feature ' || min(e.feature_id) AS message
FROM staging.explanations e
JOIN staging.sources s ON s.source = e.source
JOIN staging.explainers x ON x.explainer_short = s.explainer_short AND x.source <> e.source
JOIN staging.explanations t ON t.source = x.source AND t.feature_id = e.feature_id
WHERE t.text <> e.text
GROUP BY s.explainer_short, e.source, x.source
ORDER BY s.explainer_short, e.source
