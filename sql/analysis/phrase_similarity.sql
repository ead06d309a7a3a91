-- version: 1
-- description: Cosine similarity of each phrase with the later phrases of the feature's other
--   explainers.
-- key: model, feature_id, phrase_order, later_order
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column phrase_order: the earlier phrase
-- column later_order: the later phrase, of another explainer
-- column similarity: cosine similarity
WITH embedded AS (
    SELECT v.model, p.feature_id, p.phrase_order, p.explainer_order, v.vector
    FROM analysis.phrases p
    JOIN vectors.phrases v ON v.text_key = p.text_key
)

SELECT
    a.model,
    a.feature_id,
    a.phrase_order,
    b.phrase_order AS later_order,
    cosine(a.vector, b.vector) AS similarity
FROM embedded a
JOIN embedded b
    ON b.model = a.model
    AND b.feature_id = a.feature_id
    AND b.phrase_order > a.phrase_order
    AND b.explainer_order <> a.explainer_order
