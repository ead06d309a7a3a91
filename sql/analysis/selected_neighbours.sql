-- version: 1
-- description: Of an explained feature's decoder neighbours the nearest that have sampled examples.
-- key: feature_id, neighbour_order
-- column feature_id: the feature
-- column neighbour_order: 1-based
-- column neighbour_id: the neighbour's feature id
-- column cosine_similarity: of the two decoder rows
SELECT
    n.feature_id,
    (row_number() OVER (PARTITION BY n.feature_id ORDER BY n.rank))::INTEGER AS neighbour_order,
    n.neighbour_id,
    n.cosine_similarity
FROM analysis.decoder_neighbours n
JOIN staging.features f ON f.feature_id = n.feature_id
JOIN staging.features o ON o.feature_id = n.neighbour_id
WHERE f.num_explanations > 0 AND o.num_active > 0
QUALIFY neighbour_order <= $interfeature_neighbours
