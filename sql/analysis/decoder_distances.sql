-- version: 1
-- description: Distances of the explained features' decoder rows that are known: of two features of which
--   one is a decoder neighbour of the other, 1 - cosine similarity. All others are taken to be 1 apart.
-- key: row_a, row_b
-- column row_a: 0-based place of the one feature among the explained features, in ascending order
-- column row_b: that of the other, the larger
-- column distance: 1 - cosine similarity, as float32
WITH leaves AS (
    SELECT feature_id, (row_number() OVER (ORDER BY feature_id) - 1)::INTEGER AS leaf
    FROM (SELECT DISTINCT feature_id FROM analysis.explanations)
)

SELECT
    least(a.leaf, b.leaf) AS row_a,
    greatest(a.leaf, b.leaf) AS row_b,
    -- Where each is a neighbour of the other, the row of the larger id says it.
    arg_max((1 - n.cosine_similarity::DOUBLE)::FLOAT, n.feature_id) AS distance
FROM analysis.decoder_neighbours n
JOIN leaves a ON a.feature_id = n.feature_id
JOIN leaves b ON b.feature_id = n.neighbour_id
GROUP BY least(a.leaf, b.leaf), greatest(a.leaf, b.leaf)
ORDER BY row_a, row_b
