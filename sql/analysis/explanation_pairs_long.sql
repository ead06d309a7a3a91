-- version: 1
-- description: features.semantic_similarity flattened: how alike two explainers' explanations of a
--   feature are, each pair both ways.
-- kind: view
-- key: feature_id, llm_explainer, other_explainer
-- collected: yes
-- column feature_id: the feature
-- column llm_explainer: full name of the explainer
-- column other_explainer: full name of the other explainer
-- column cosine_similarity: of the two explanations' vectors
WITH compared AS (
    SELECT feature_id, llm_explainer, unnest(semantic_similarity) AS s
    FROM master.features
)

SELECT
    feature_id,
    llm_explainer,
    s.explainer AS other_explainer,
    s.cosine_similarity AS cosine_similarity
FROM compared
