-- version: 1
-- description: Figures of the files that the newer backend reads lie where it expects them: shares, ratios
--   and weights in [0, 1], similarities of pairs not negative, distances in [0, 2].
SELECT 'shared_ngrams' AS relation, feature_id, share AS value FROM analysis.shared_ngrams
WHERE NOT share BETWEEN 0 AND 1
    OR (ngram IS NULL) <> (occurrences = 0)
    OR len(places) <> occurrences
    OR examples > occurrences
UNION ALL
SELECT 'pair_ngrams' AS relation, feature_id, ratio AS value FROM analysis.pair_ngrams
WHERE NOT ratio BETWEEN 0 AND 1
    OR (ngram IS NULL) <> (ratio IS NULL)
    OR holders > len(places)
    OR neighbour_holders > len(neighbour_places)
UNION ALL
SELECT 'pair_similarity' AS relation, feature_id, similarity AS value FROM analysis.pair_similarity
WHERE similarity IS NULL OR NOT similarity BETWEEN -1.000001 AND 1.000001
UNION ALL
SELECT 'interfeature_activation_similarity' AS relation, feature_id, pair.semantic_similarity AS value
FROM (
    SELECT feature_id, unnest(list_concat(semantic_pairs, lexical_pairs)) AS pair
    FROM backend.interfeature_activation_similarity
)
WHERE pair.semantic_similarity IS NULL OR NOT pair.semantic_similarity BETWEEN 0 AND 1
UNION ALL
SELECT 'display_patterns' AS relation, feature_id, semantic_similarity AS value FROM analysis.display_patterns
WHERE semantic_similarity IS NULL OR char_share IS NULL OR word_share IS NULL
UNION ALL
SELECT 'merge_distances' AS relation, feature_id, first_merge_distance AS value FROM analysis.merge_distances
WHERE NOT first_merge_distance BETWEEN -0.000001 AND 2.000001
UNION ALL
SELECT 'explanation_barycentric' AS relation, feature_id, bary_missed_ngram AS value
FROM backend.explanation_barycentric
WHERE abs(bary_missed_ngram + bary_missed_context + bary_noisy_activation - 1) > 0.00001
    OR least(bary_missed_ngram, bary_missed_context, bary_noisy_activation) < 0
    OR least(dist_missed_ngram, dist_missed_context, dist_noisy_activation) < 0
    OR NOT position_x BETWEEN 0 AND 1
    OR NOT position_y BETWEEN 0 AND 0.867
    OR nearest_anchor IS NULL
    OR cluster_id IS NULL
