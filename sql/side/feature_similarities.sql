-- version: 3
-- description: feature_similarity/<sae>/feature_similarities.json, for readers of the former pipeline:
--   each feature's decoder neighbours. A text of all features outgrows the memory, so each has its row.
-- key: path, part
-- batch_by: analysis.decoder_neighbours.feature_id
-- batch_size: 65536
-- column path: where the file goes, relative to the data directory
-- column part: place of the document in the file
-- column document: JSON text; the parts of a file make one document
WITH facts AS (
    SELECT
        count(DISTINCT feature_id) AS features,
        count(*) AS pairs,
        avg(cosine_similarity) AS mean_similarity,
        min(cosine_similarity) AS min_similarity,
        max(cosine_similarity) AS max_similarity
    FROM analysis.decoder_neighbours
),

mappings AS (
    SELECT
        1 + feature_id AS part,
        '{"source_feature_id":' || feature_id || ',"top_10_neighbors":[' || string_agg(
            json_object('feature_id', neighbour_id, 'cosine_similarity', cosine_similarity, 'rank', rank),
            ',' ORDER BY rank
        ) || ']}' AS document
    FROM analysis.decoder_neighbours
    WHERE feature_id BETWEEN $first AND $last
    GROUP BY feature_id
),

parts AS (
    SELECT
        0 AS part,
        '{"metadata":' || json_object('sae_id', sae_id, 'neighbors_per_feature', $neighbours_count)
        || ',"feature_mappings":[' AS document
    FROM staging.sae
    WHERE $first = 0
    UNION ALL
    SELECT
        part,
        if(part > 1 + (SELECT min(feature_id) FROM analysis.decoder_neighbours), ',', '') || document AS document
    FROM mappings
    UNION ALL
    SELECT
        1 + 2::BIGINT ^ 32 AS part,
        '],"statistics":' || json_object(
            'total_features', features,
            'total_pairs', pairs,
            'mean_similarity', mean_similarity,
            'min_similarity', min_similarity,
            'max_similarity', max_similarity
        ) || '}' AS document
    FROM facts
    WHERE $last = 2::BIGINT ^ 32 - 1
)

SELECT
    'feature_similarity/' || replace(sae.sae_id, '/', '--') || '/feature_similarities.json' AS path,
    p.part::BIGINT AS part,
    p.document
FROM staging.sae sae
CROSS JOIN parts p
ORDER BY p.part
