-- version: 4
-- description: The vector of each explanation.
-- key: feature_id, llm_explainer
-- order: feature_id, (SELECT x.explainer_order FROM staging.explainers x WHERE x.explainer = llm_explainer)
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column data_source Categorical: the source the explanation is taken from
-- column llm_explainer Categorical: full name of the explainer
-- column embedding List(Float32): the explanation's vector
-- column explanation_text Utf8: the text that was embedded
SELECT
    e.feature_id,
    sae.sae_id,
    s.data_source,
    e.explainer AS llm_explainer,
    v.vector AS embedding,
    e.text AS explanation_text
FROM analysis.explanations e
CROSS JOIN staging.sae sae
JOIN staging.sources s ON s.source = e.source
JOIN vectors.explanations v ON v.text_key = e.text_key
JOIN staging.default_model m ON m.model = v.model
ORDER BY e.feature_id, e.explainer_order
