-- version: 1
-- description: scores/<source>/scores.json, for readers of the former pipeline: per feature and method
--   the average score and its counts.
-- key: path
-- column path: where the file goes, relative to the data directory
-- column document: the file's JSON text
WITH methods AS (
    SELECT
        source,
        feature_id,
        '{' || string_agg(
            to_json(method) || ':' || json_object(
                'average_score', score,
                'total_examples', total,
                'failure_count', failed,
                'success_count', succeeded,
                'variance', variance
            ),
            ',' ORDER BY method
        ) || '}' AS entry
    FROM analysis.scores
    GROUP BY source, feature_id
),

latents AS (
    SELECT
        source,
        count(*) AS latents,
        '{' || string_agg('"' || feature_id || '":' || entry, ',' ORDER BY feature_id) || '}' AS latent_scores
    FROM methods
    GROUP BY source
)

SELECT
    'scores/' || l.source || '/scores.json' AS path,
    '{"metadata":' || json_object(
        'sae_id', sae.sae_id,
        'data_source', l.source,
        'llm_explainer', e.full_name,
        'llm_scorer', c.full_name,
        'total_latents', l.latents
    ) || ',"latent_scores":' || l.latent_scores || '}' AS document
FROM latents l
CROSS JOIN staging.sae sae
JOIN staging.sources s ON s.source = l.source
JOIN staging.model_names e ON e.short = s.explainer_short
JOIN staging.model_names c ON c.short = s.scorer_short
