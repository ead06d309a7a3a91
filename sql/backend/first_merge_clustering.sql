-- version: 1
-- description: At what distance each feature first merges in the tree of decoder rows: row i is leaf i of
--   clustering_linkage.npy. No row where there is no tree.
-- key: feature_id
-- order: feature_id
-- file: feature_similarity/{sae}/first_merge_clustering.parquet
-- column feature_id Int32: the feature
-- column first_merge_distance Float32: average-linkage distance, 1 - cosine similarity; null for an only feature
SELECT feature_id, first_merge_distance
FROM analysis.merge_distances
ORDER BY feature_id
