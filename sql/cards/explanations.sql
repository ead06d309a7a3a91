-- version: 1
-- description: A feature's card: its explanations in the explainers' order, with their similarity to each
--   other and their scores by scorer.
-- argument feature: the feature's id
SELECT llm_explainer AS explainer, explanation_text AS text, semantic_similarity AS similarities, scores
FROM master.features
WHERE feature_id = $feature
