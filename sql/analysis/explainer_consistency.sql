-- version: 1
-- description: Mean cosine similarity of two explainers' explanations over the features both explain.
-- key: model, explainer, other_explainer
-- collected: yes
-- column model: the embedding model, as named in the settings
-- column explainer_short: short name of the explainer
-- column explainer: full name of the explainer
-- column other_short: short name of the other explainer
-- column other_explainer: full name of the other explainer
-- column features: features both explain
-- column consistency: mean cosine similarity
SELECT
    s.model,
    a.explainer_short,
    a.explainer,
    b.explainer_short AS other_short,
    b.explainer AS other_explainer,
    count(*) AS features,
    list_avg(list(s.similarity::DOUBLE ORDER BY s.feature_id)) AS consistency
FROM analysis.explanation_similarity s
JOIN staging.explainers a ON a.explainer_order = s.explainer_order
JOIN staging.explainers b ON b.explainer_order = s.other_order
WHERE a.explainer_order < b.explainer_order
GROUP BY s.model, a.explainer_short, a.explainer, b.explainer_short, b.explainer
