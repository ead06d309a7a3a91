-- version: 1
-- description: llm_comparison/llm_comparison_stats.json, for readers of the former pipeline: how far
--   explainers agree, and per explainer how far scorers do; keys like llama_vs_gwen, 4 decimals.
-- key: path
-- column path: where the file goes, relative to the data directory
-- column document: the file's JSON text
WITH explainers AS (
    SELECT string_agg(
        to_json(c.explainer_short || '_vs_' || c.other_short) || ':' || to_json(round(c.consistency, 4)),
        ',' ORDER BY a.explainer_order, b.explainer_order
    ) AS entries
    FROM analysis.explainer_consistency c
    JOIN staging.embedding_models m ON m.model = c.model AND m.is_default
    JOIN staging.explainers a ON a.explainer_short = c.explainer_short
    JOIN staging.explainers b ON b.explainer_short = c.other_short
),

scorers AS (
    SELECT
        c.explainer_short,
        '{' || string_agg(
            to_json(c.scorer_short || '_vs_' || c.other_short) || ':' || to_json(round(c.consistency, 4)),
            ',' ORDER BY a.scorer_order, b.scorer_order
        ) || '}' AS entry
    FROM analysis.scorer_consistency c
    JOIN staging.scorers a ON a.scorer_short = c.scorer_short
    JOIN staging.scorers b ON b.scorer_short = c.other_short
    GROUP BY c.explainer_short
)

SELECT
    'llm_comparison/llm_comparison_stats.json' AS path,
    '{"metadata":' || json_object('sae_id', sae.sae_id)
    || ',"explainer_consistency":{' || coalesce((SELECT entries FROM explainers), '')
    || '},"scorer_consistency":{'
    || coalesce((SELECT string_agg(to_json(explainer_short) || ':' || entry, ',' ORDER BY explainer_short) FROM scorers), '')
    || '}}' AS document
FROM staging.sae sae
