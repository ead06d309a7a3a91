-- version: 1
-- description: Why each explanation may fail: its five metrics, their standard scores, its distances to
--   the three causes, its place in their triangle, and its feature's cluster.
-- key: feature_id, llm_explainer
-- order: feature_id, (SELECT x.explainer_order FROM staging.explainers x WHERE x.explainer = llm_explainer)
-- column feature_id Int64: the feature
-- column llm_explainer Utf8: full name of the explainer
-- column score_fuzz Float32: mean fuzz score over the explainer's scorers; null where there is none
-- column score_detection Float32: mean detection score
-- column score_embedding Float32: mean embedding score
-- column explanation_semantic_sim Float32: mean similarity to the other explainers' explanations
-- column intra_feature_sim Float32: how alike the feature's examples are
-- column intra_feature_sim_std Float32: standard score of intra_feature_sim; null where that is
-- column score_embedding_std Float32: standard score of score_embedding
-- column score_fuzz_std Float32: standard score of score_fuzz
-- column score_detection_std Float32: standard score of score_detection
-- column explanation_semantic_sim_std Float32: standard score of explanation_semantic_sim
-- column dist_missed_ngram Float32: distance to the anchor missed_ngram
-- column dist_missed_context Float32: distance to the anchor missed_context
-- column dist_noisy_activation Float32: distance to the anchor noisy_activation
-- column bary_missed_ngram Float32: weight of the anchor missed_ngram; the three are 1 together
-- column bary_missed_context Float32: weight of the anchor missed_context
-- column bary_noisy_activation Float32: weight of the anchor noisy_activation
-- column position_x Float32: place in the triangle (0, 0), (1, 0), (0.5, 0.866)
-- column position_y Float32: the other coordinate
-- column nearest_anchor Utf8: the nearest anchor
-- column cluster_id Int32: the feature's cluster, 0 the largest; -1 in none
SELECT
    m.feature_id,
    m.llm_explainer,
    m.score_fuzz,
    m.score_detection,
    m.score_embedding,
    m.explanation_semantic_sim,
    m.intra_feature_sim,
    p.zs[1] AS intra_feature_sim_std,
    p.zs[2] AS score_embedding_std,
    p.zs[3] AS score_fuzz_std,
    p.zs[4] AS score_detection_std,
    p.zs[5] AS explanation_semantic_sim_std,
    p.distances[1] AS dist_missed_ngram,
    p.distances[2] AS dist_missed_context,
    p.distances[3] AS dist_noisy_activation,
    p.weights[1] AS bary_missed_ngram,
    p.weights[2] AS bary_missed_context,
    p.weights[3] AS bary_noisy_activation,
    p.position_x,
    p.position_y,
    p.nearest_anchor,
    c.cluster_id
FROM analysis.explanation_metrics m
JOIN analysis.failure_positions p ON p.feature_id = m.feature_id AND p.explainer_order = m.explainer_order
JOIN analysis.failure_clusters c ON c.feature_id = m.feature_id
ORDER BY m.feature_id, m.explainer_order
