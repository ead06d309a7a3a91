-- version: 1
-- description: umap_explanations/explanation_umap.json, for readers of the former pipeline: each
--   explanation's place on the map of explanations. None while projections.enabled is false.
-- key: path
-- column path: where the file goes, relative to the data directory
-- column document: the file's JSON text
SELECT
    'umap_explanations/explanation_umap.json' AS path,
    '{"metadata":' || json_object(
        'sae_id', any_value(sae.sae_id),
        'total_explanations', count(*),
        'n_neighbors', $projections_neighbours,
        'min_dist', $projections_min_dist,
        'metric', 'cosine',
        'random_state', $projections_seed
    ) || ',"embeddings":[' || string_agg(
        json_object(
            'feature_id', p.feature_id, 'llm_explainer', p.llm_explainer, 'umap_x', p.x, 'umap_y', p.y
        ),
        ',' ORDER BY p.feature_id, x.explainer_order
    ) || ']}' AS document
FROM analysis.explanation_projection p
JOIN staging.explainers x ON x.explainer = p.llm_explainer
CROSS JOIN staging.sae sae
HAVING count(*) > 0
