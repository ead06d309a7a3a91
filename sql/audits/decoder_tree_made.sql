-- version: 3
-- description: There is a tree of the decoder rows, which takes memory with the square of the features.
-- severity: warning
SELECT
    format(
        '{} explained features are more than clustering.max_features = {}: no clustering_linkage.npy '
            || 'and no first_merge_clustering.parquet are written (a tree of them takes {:.1f} GB)',
        count(DISTINCT feature_id),
        $clustering_max_features,
        count(DISTINCT feature_id) ^ 2 * 8 / 1e9
    ) AS message
FROM analysis.explanations
HAVING count(DISTINCT feature_id) > $clustering_max_features AND $export_backend
