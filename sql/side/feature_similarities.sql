-- version: 1
-- description: feature_similarity/<sae>/feature_similarities.json, for readers of the former pipeline:
--   each feature's decoder neighbours.
-- key: path
-- column path: where the file goes, relative to the data directory
-- column document: the file's JSON text
WITH mappings AS (
    SELECT
        feature_id,
        '{"source_feature_id":' || feature_id || ',"top_10_neighbors":[' || string_agg(
            json_object('feature_id', neighbour_id, 'cosine_similarity', cosine_similarity, 'rank', rank),
            ',' ORDER BY rank
        ) || ']}' AS mapping
    FROM analysis.decoder_neighbours
    GROUP BY feature_id
),

facts AS (
    SELECT
        count(DISTINCT feature_id) AS features,
        count(*) AS pairs,
        avg(cosine_similarity) AS mean_similarity,
        min(cosine_similarity) AS min_similarity,
        max(cosine_similarity) AS max_similarity
    FROM analysis.decoder_neighbours
)

SELECT
    'feature_similarity/' || replace(sae.sae_id, '/', '--') || '/feature_similarities.json' AS path,
    '{"metadata":' || json_object('sae_id', sae.sae_id, 'neighbors_per_feature', $neighbours_count)
    || ',"feature_mappings":[' || coalesce((SELECT string_agg(mapping, ',' ORDER BY feature_id) FROM mappings), '')
    || '],"statistics":' || json_object(
        'total_features', f.features,
        'total_pairs', f.pairs,
        'mean_similarity', f.mean_similarity,
        'min_similarity', f.min_similarity,
        'max_similarity', f.max_similarity
    ) || '}' AS document
FROM staging.sae sae
CROSS JOIN facts f
