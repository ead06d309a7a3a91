/* Do decoder neighbours fire on alike texts? A near decoder row with alike examples may be the same feature, split. */
SELECT
    feature_id,
    neighbour_id,
    round(any_value(decoder_similarity), 2) AS decoder_similarity,
    round(avg(semantic_similarity), 2) AS examples_similarity
FROM analysis.pairs_long
GROUP BY feature_id, neighbour_id
ORDER BY examples_similarity DESC, feature_id, neighbour_id
LIMIT 5
