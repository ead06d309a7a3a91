-- version: 1
-- description: umap_clustering/feature_clustering.json and explanation_clustering.json, for readers of
--   the former pipeline: the members of every Ward cluster, per number of clusters. None while
--   projections.enabled is false.
-- key: path
-- column path: where the file goes, relative to the data directory
-- column document: the file's JSON text
WITH members AS (
    SELECT
        'feature' AS kind,
        num_clusters,
        cluster,
        json_object('feature_id', feature_id) AS member,
        feature_id,
        0 AS place
    FROM analysis.feature_clusters
    UNION ALL
    SELECT
        'explanation', c.num_clusters, c.cluster,
        json_object('feature_id', c.feature_id, 'llm_explainer', c.llm_explainer), c.feature_id, x.explainer_order
    FROM analysis.explanation_clusters c
    JOIN staging.explainers x ON x.explainer = c.llm_explainer
),

clusters AS (
    SELECT
        kind,
        num_clusters,
        cluster,
        count(*) AS size,
        '{"cluster_id":' || cluster || ',"size":' || count(*) || ',"members":['
        || string_agg(member, ',' ORDER BY feature_id, place) || ']}' AS entry
    FROM members
    GROUP BY kind, num_clusters, cluster
),

clusterings AS (
    SELECT
        kind,
        num_clusters,
        sum(size) AS items,
        '"' || num_clusters || '":[' || string_agg(entry, ',' ORDER BY cluster) || ']' AS entry
    FROM clusters
    GROUP BY kind, num_clusters
)

SELECT
    'umap_clustering/' || c.kind || '_clustering.json' AS path,
    '{"metadata":' || json_object(
        'sae_id', any_value(sae.sae_id),
        'total_items', any_value(c.items),
        'method', 'ward',
        'clustered', $projections_cluster_by
    ) || ',"clusterings":{' || string_agg(c.entry, ',' ORDER BY c.num_clusters) || '}}' AS document
FROM clusterings c
CROSS JOIN staging.sae sae
GROUP BY c.kind
