-- version: 1
-- description: master/explanation_barycentric_metadata.json: the metrics in order, the anchors, and the
--   statistics by which the metrics are standardised. None without explanations or while
--   export.backend is false.
-- key: path
-- column path: where the file goes, relative to the data directory
-- column document: the file's JSON text
WITH anchors AS (
    SELECT
        anchor_order,
        to_json(anchor) || ':{"raw":[' || string_agg(coalesce(raw, 0)::VARCHAR, ',' ORDER BY metric_order)
        || '],"standardized":[' || string_agg(z::VARCHAR, ',' ORDER BY metric_order) || ']}' AS entry
    FROM analysis.failure_anchors
    GROUP BY anchor, anchor_order
),

statistics AS (
    SELECT
        metric_order,
        metric,
        to_json(metric) || ':' || json_object(
            'mean', mean,
            'std', std,
            'min', "min",
            'max', "max",
            'p5', percentiles.p5,
            'p10', percentiles.p10,
            'p25', percentiles.p25,
            'p50', percentiles.p50,
            'p75', percentiles.p75,
            'p90', percentiles.p90
        ) AS entry,
        num_values
    FROM analysis.metric_statistics
),

facts AS (
    SELECT
        count(*) AS total_rows,
        count(DISTINCT feature_id) AS features,
        count(DISTINCT cluster_id) FILTER (cluster_id >= 0) AS clusters,
        count(DISTINCT feature_id) FILTER (cluster_id < 0) AS features_in_no_cluster,
        count(*) FILTER (nearest_anchor = 'missed_ngram') AS missed_ngram,
        count(*) FILTER (nearest_anchor = 'missed_context') AS missed_context,
        count(*) FILTER (nearest_anchor = 'noisy_activation') AS noisy_activation
    FROM backend.explanation_barycentric
)

SELECT
    'master/explanation_barycentric_metadata.json' AS path,
    '{"metadata":{},"metrics_order":' || (SELECT to_json(list(metric ORDER BY metric_order)) FROM statistics)
    || ',"anchor_coordinates":{' || (SELECT string_agg(entry, ',' ORDER BY anchor_order) FROM anchors)
    || '},"normalization_stats":{' || (SELECT string_agg(entry, ',' ORDER BY metric_order) FROM statistics)
    || '},"processing_stats":' || json_object(
        'features', f.features,
        'clusters', f.clusters,
        'features_in_no_cluster', f.features_in_no_cluster,
        'nearest_anchor', json_object(
            'missed_ngram', f.missed_ngram,
            'missed_context', f.missed_context,
            'noisy_activation', f.noisy_activation
        ),
        'values', (SELECT json_group_object(metric, num_values) FROM (FROM statistics ORDER BY metric_order))
    )
    || ',"total_rows":' || f.total_rows
    || ',"sae_id":' || to_json(sae.sae_id)
    || ',"created_at":null}' AS document
FROM facts f
CROSS JOIN staging.sae sae
WHERE f.total_rows > 0 AND $export_backend
