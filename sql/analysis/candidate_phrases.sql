-- version: 1
-- description: The phrases that matching tries: each (text, explainer) of a feature's aligned groups
--   once, with its first chunk index.
-- key: model, feature_id, candidate_order
-- column candidate_order: 0-based, by first appearance in the groups
SELECT
    model,
    feature_id,
    (row_number() OVER (
        PARTITION BY model, feature_id ORDER BY min((group_id, phrase_order))
    ) - 1)::INTEGER AS candidate_order,
    explainer,
    min(chunk_index) AS chunk_index,
    text_key,
    text
FROM analysis.aligned_phrases
GROUP BY model, feature_id, explainer, text_key, text
