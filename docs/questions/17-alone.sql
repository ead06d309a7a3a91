/* How much of what an explainer says does nobody else say? */
SELECT
    e.explainer_short AS explainer,
    count(*) AS phrases,
    count(*) FILTER (p.aligned_group_id IS NULL) AS alone,
    round(avg((p.aligned_group_id IS NULL)::INTEGER), 3) AS share
FROM analysis.phrases_long p
JOIN staging.explainers e ON e.explainer = p.llm_explainer
GROUP BY e.explainer_short
ORDER BY e.explainer_short
