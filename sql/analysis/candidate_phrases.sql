-- version: 1
-- description: The phrases that matching tries: each (text, explainer) of a feature's aligned groups
--   once, with its first chunk index.
-- key: model, feature_id, candidate_order
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column candidate_order: 0-based, by first appearance in the groups
-- column explainer: full name of the explainer
-- column chunk_index: 0-based place of the phrase in the explanation, of several the first
-- column text_key: key of the text in the vector store
-- column text: the phrase
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
