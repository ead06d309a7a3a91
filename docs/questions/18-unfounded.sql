/* What do explainers agree on that the examples don't show? */
SELECT
    feature_id,
    item_text AS phrase,
    count(DISTINCT llm_explainer) AS explainers,
    round(max(semantic_similarity), 2) AS similarity
FROM analysis.mismatches_long
WHERE mismatch_type = 'explanation_only'
GROUP BY feature_id, item_text
ORDER BY explainers DESC, similarity, feature_id, phrase
LIMIT 5
