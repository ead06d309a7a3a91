-- version: 1
-- description: umap_feature/<sae>/umap_embeddings.json, for readers of the former pipeline: each
--   feature's place on the map of decoder rows. None while projections.enabled is false.
-- key: path
-- column path: where the file goes, relative to the data directory
-- column document: the file's JSON text
SELECT
    'umap_feature/' || replace(any_value(sae.sae_id), '/', '--') || '/umap_embeddings.json' AS path,
    '{"metadata":' || json_object(
        'sae_id', any_value(sae.sae_id),
        'total_features', count(*),
        'n_neighbors', $projections_neighbours,
        'min_dist', $projections_min_dist,
        'metric', 'cosine',
        'random_state', $projections_seed
    ) || ',"embeddings":[' || string_agg(
        json_object('feature_id', p.feature_id, 'umap_x', p.x, 'umap_y', p.y), ',' ORDER BY p.feature_id
    ) || ']}' AS document
FROM analysis.feature_projection p
CROSS JOIN staging.sae sae
HAVING count(*) > 0
