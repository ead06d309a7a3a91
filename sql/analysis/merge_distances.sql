-- version: 1
-- description: At what distance each explained feature joins another one, or a group of them, in the tree of
--   decoder rows. None where there is no tree.
-- key: feature_id
-- column feature_id: the feature
-- column leaf: 0-based place among the explained features, in ascending order
-- column first_merge_distance: distance of the merge that names the leaf; null for the only feature
WITH leaves AS (
    SELECT feature_id, (row_number() OVER (ORDER BY feature_id) - 1)::INTEGER AS leaf
    FROM (SELECT DISTINCT feature_id FROM analysis.explanations)
),

merged AS (
    SELECT left_node AS node, distance FROM analysis.feature_linkage
    UNION ALL
    SELECT right_node AS node, distance FROM analysis.feature_linkage
)

SELECT l.feature_id, l.leaf, m.distance::FLOAT AS first_merge_distance
FROM leaves l
LEFT JOIN merged m ON m.node = l.leaf
WHERE (SELECT count(*) FROM leaves) <= $clustering_max_features
ORDER BY l.feature_id
