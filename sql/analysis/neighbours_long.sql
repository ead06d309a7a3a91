-- version: 1
-- description: features.decoder_similarity flattened, for features without an explanation too: one
--   row per decoder neighbour.
-- kind: view
-- key: feature_id, rank
-- collected: yes
-- column feature_id: the feature
-- column rank: 1 = the nearest
-- column neighbour_id: the neighbour's feature id
-- column cosine_similarity: of the two decoder rows
-- column is_compared: whether interfeature_similarity compares their examples
SELECT
    n.feature_id,
    n.rank,
    n.neighbour_id,
    n.cosine_similarity,
    s.neighbour_id IS NOT NULL AS is_compared
FROM analysis.decoder_neighbours n
LEFT JOIN analysis.selected_neighbours s
    ON s.feature_id = n.feature_id AND s.neighbour_id = n.neighbour_id
