-- version: 1
-- description: The tree of decoder rows as SciPy's linkage matrix, one row per merge. No file where there is no
--   tree: for one feature, and for more than clustering.max_features.
-- order: rowid
-- file: feature_similarity/{sae}/clustering_linkage.npy
-- column left Float64: a leaf (0 ≤ i < n, the i-th explained feature), or the result n + j of merge j
-- column right Float64: the other node
-- column distance Float64: average-linkage distance of the two
-- column size Float64: leaves below the merge
SELECT left_node AS left, right_node AS right, distance, size
FROM analysis.feature_linkage
ORDER BY merge
