-- version: 1
-- description: A feature's card: its decoder neighbours, nearest first.
-- argument feature: the feature's id
-- column similarity: cosine similarity of the decoder rows
-- column example_similarity: mean cosine similarity of the two features' windows, where they were compared
-- column explanation: by the first explainer
SELECT
    n.neighbour_id AS feature_id,
    n.cosine_similarity AS similarity,
    p.example_similarity,
    o.pattern_type,
    coalesce(o.num_active, 0) AS num_active,
    o.explanation_text AS explanation
FROM analysis.decoder_neighbours n
LEFT JOIN analysis.feature_overview o ON o.feature_id = n.neighbour_id
LEFT JOIN (
    SELECT neighbour_id, avg(similarity)::FLOAT AS example_similarity
    FROM analysis.neighbour_pairs
    WHERE feature_id = $feature AND model = $embedding_model
    GROUP BY neighbour_id
) p ON p.neighbour_id = n.neighbour_id
WHERE n.feature_id = $feature
ORDER BY n.rank
