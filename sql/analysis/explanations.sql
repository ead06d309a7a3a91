-- version: 1
-- description: The explanation of each feature by each explainer.
-- key: feature_id, explainer_order
-- collected: yes
-- column feature_id: the feature
-- column explainer_order: 0-based place of the explainer
-- column explainer: full name of the explainer
-- column source: the source the explanation is taken from
-- column text_key: key of the text in the vector store
-- column text: the explanation
SELECT e.feature_id, x.explainer_order, x.explainer, e.source, text_key(e.text) AS text_key, e.text
FROM staging.explanations e
JOIN staging.explainers x ON x.source = e.source
ORDER BY e.feature_id, x.explainer_order
