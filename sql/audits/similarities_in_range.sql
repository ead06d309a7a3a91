-- version: 1
-- description: Cosine similarities lie in [-1, 1].
SELECT 'decoder_neighbours' AS relation, feature_id, cosine_similarity AS similarity FROM analysis.decoder_neighbours
WHERE NOT cosine_similarity BETWEEN -1 AND 1
UNION ALL
SELECT 'explanation_similarity' AS relation, feature_id, similarity FROM analysis.explanation_similarity
WHERE similarity IS NULL OR NOT similarity BETWEEN -1 AND 1
UNION ALL
SELECT 'phrase_similarity' AS relation, feature_id, similarity FROM analysis.phrase_similarity
WHERE similarity IS NULL OR NOT similarity BETWEEN -1 AND 1
UNION ALL
SELECT 'neighbour_pairs' AS relation, feature_id, similarity FROM analysis.neighbour_pairs
WHERE similarity IS NULL OR NOT similarity BETWEEN -1 AND 1
UNION ALL
SELECT 'phrase_matching' AS relation, feature_id, similarity FROM analysis.phrase_matching
WHERE similarity IS NULL OR NOT similarity BETWEEN -1 AND 1
UNION ALL
SELECT 'activation_similarity' AS relation, feature_id, mean_similarity AS similarity
FROM analysis.activation_similarity
WHERE NOT (min_similarity BETWEEN -1 AND 1 AND max_similarity BETWEEN -1 AND 1 AND mean_similarity BETWEEN -1 AND 1)
    OR NOT min_similarity <= max_similarity
