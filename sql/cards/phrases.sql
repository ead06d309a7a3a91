-- version: 1
-- description: A feature's card: the phrases of its explanations in order, each with the group of phrases
--   on which explainers agree that it belongs to.
-- argument feature: the feature's id
-- column group_id: null outside the groups
-- column group_similarity: mean similarity of the group's phrases to its opener
SELECT p.explainer, p.chunk_index, p.text, g.group_id, g.group_similarity
FROM analysis.phrases p
LEFT JOIN (
    SELECT phrase_order, group_id, group_similarity
    FROM analysis.aligned_phrases
    WHERE feature_id = $feature AND model = $embedding_model
) g ON g.phrase_order = p.phrase_order
WHERE p.feature_id = $feature
ORDER BY p.phrase_order
