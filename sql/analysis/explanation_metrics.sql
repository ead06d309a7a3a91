-- version: 1
-- description: The five metrics of each explanation that say why it may fail. A metric that is missing is
--   null: no score, one explainer only, too few examples.
-- key: feature_id, explainer_order
-- column feature_id: the feature
-- column explainer_order: 0-based place of the explainer
-- column llm_explainer: full name of the explainer
-- column intra_feature_sim: how alike the feature's examples are: the largest of the shares of pairs that
--   hold its top n-grams and of its mean_pairwise_similarity
-- column score_embedding: mean embedding score over the explainer's scorers
-- column score_fuzz: mean fuzz score over the explainer's scorers
-- column score_detection: mean detection score over the explainer's scorers
-- column explanation_semantic_sim: mean cosine similarity to the other explainers' explanations
SELECT
    f.feature_id,
    x.explainer_order,
    f.llm_explainer,
    greatest(d.semantic_similarity::DOUBLE, d.char_share, d.word_share) AS intra_feature_sim,
    list_avg(list_transform(f.scores, lambda s: s.embedding)) AS score_embedding,
    list_avg(list_transform(f.scores, lambda s: s.fuzz)) AS score_fuzz,
    list_avg(list_transform(f.scores, lambda s: s.detection)) AS score_detection,
    list_avg(list_transform(f.semantic_similarity, lambda s: s.cosine_similarity::DOUBLE)) AS explanation_semantic_sim
FROM master.features f
JOIN staging.explainers x ON x.explainer = f.llm_explainer
LEFT JOIN analysis.display_patterns d ON d.feature_id = f.feature_id
ORDER BY f.feature_id, x.explainer_order
