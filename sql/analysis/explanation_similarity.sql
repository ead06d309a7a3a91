-- version: 1
-- description: Cosine similarity of the explanations of one feature by two explainers, both ways.
-- key: model, feature_id, explainer_order, other_order
-- collected: yes
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column explainer_order: 0-based place of the explainer
-- column other_order: 0-based place of the other explainer
-- column other_explainer: full name of the other explainer
-- column similarity: cosine similarity of the two explanations
WITH embedded AS (
    SELECT v.model, e.feature_id, e.explainer_order, e.explainer, v.vector
    FROM analysis.explanations e
    JOIN vectors.explanations v ON v.text_key = e.text_key
)

SELECT
    a.model,
    a.feature_id,
    a.explainer_order,
    b.explainer_order AS other_order,
    b.explainer AS other_explainer,
    cosine(a.vector, b.vector) AS similarity
FROM embedded a
JOIN embedded b
    ON b.model = a.model
    AND b.feature_id = a.feature_id
    AND b.explainer_order <> a.explainer_order
