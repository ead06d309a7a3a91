-- version: 3
-- description: llm_comparison/llm_comparison_stats.json, for readers of the former pipeline: how far
--   explainers agree, and per explainer how far scorers do; 4 decimals. A pair has two keys, llama_vs_gwen
--   and gwen_vs_llama, with the same value: readers look for either, and who sums counts twice.
-- key: path
-- column path: where the file goes, relative to the data directory
-- column document: the file's JSON text
WITH explainer_pairs AS (
    SELECT c.explainer_short AS first, c.other_short AS second, c.consistency
    FROM analysis.explainer_consistency c
    JOIN staging.default_model m ON m.model = c.model
    UNION ALL
    SELECT c.other_short, c.explainer_short, c.consistency
    FROM analysis.explainer_consistency c
    JOIN staging.default_model m ON m.model = c.model
),

scorer_pairs AS (
    SELECT explainer_short, scorer_short AS first, other_short AS second, consistency
    FROM analysis.scorer_consistency
    UNION ALL
    SELECT explainer_short, other_short, scorer_short, consistency
    FROM analysis.scorer_consistency
),

explainers AS (
    SELECT string_agg(
        to_json(p.first || '_vs_' || p.second) || ':' || to_json(round(p.consistency, 4)),
        ',' ORDER BY a.explainer_order, b.explainer_order
    ) AS entries
    FROM explainer_pairs p
    JOIN staging.explainers a ON a.explainer_short = p.first
    JOIN staging.explainers b ON b.explainer_short = p.second
),

scorers AS (
    SELECT
        p.explainer_short,
        '{' || string_agg(
            to_json(p.first || '_vs_' || p.second) || ':' || to_json(round(p.consistency, 4)),
            ',' ORDER BY a.scorer_order, b.scorer_order
        ) || '}' AS entry
    FROM scorer_pairs p
    JOIN staging.scorers a ON a.scorer_short = p.first
    JOIN staging.scorers b ON b.scorer_short = p.second
    GROUP BY p.explainer_short
)

SELECT
    'llm_comparison/llm_comparison_stats.json' AS path,
    '{"metadata":' || json_object('sae_id', sae.sae_id)
    || ',"explainer_consistency":{' || coalesce((SELECT entries FROM explainers), '')
    || '},"scorer_consistency":{'
    || coalesce(
        (SELECT string_agg(to_json(explainer_short) || ':' || entry, ',' ORDER BY explainer_short) FROM scorers), ''
    )
    || '}}' AS document
FROM staging.sae sae
