-- SPEC-NEXT.md 5: rows by feature, then explainer order ("Z" is the first). A missing metric and its standard score are null; distances of the two rows of feature 1 tie.
-- given analysis.explanation_metrics: feature_id BIGINT, explainer_order INTEGER, llm_explainer VARCHAR, intra_feature_sim DOUBLE, score_embedding DOUBLE, score_fuzz DOUBLE, score_detection DOUBLE, explanation_semantic_sim DOUBLE
(1, 1, 'A', 0.5, NULL, NULL, NULL, NULL), (1, 0, 'Z', 0.5, 0.25, 0.75, 1, 0.125),
-- given analysis.failure_positions: feature_id BIGINT, explainer_order INTEGER, zs DOUBLE[], distances DOUBLE[], weights DOUBLE[], position_x DOUBLE, position_y DOUBLE, nearest_anchor VARCHAR
(1, 0, [1, 2, 3, 4, 5], [5, 5, 10], [0.5, 0.25, 0.25], 0.375, 0.125, 'missed_ngram'), (1, 1, [1, NULL, NULL, NULL, NULL], [5, 5, 10], [0.25, 0.5, 0.25], 0.5, 0.125, 'missed_context'),
-- given analysis.failure_clusters: feature_id BIGINT, cluster_id INTEGER
(1, -1),
-- given staging.explainers: explainer VARCHAR, explainer_order INTEGER
('Z', 0), ('A', 1),
-- expect: feature_id, llm_explainer, score_fuzz, score_detection, score_embedding, explanation_semantic_sim, intra_feature_sim, intra_feature_sim_std, score_embedding_std, score_fuzz_std, score_detection_std, explanation_semantic_sim_std, dist_missed_ngram, dist_missed_context, dist_noisy_activation, bary_missed_ngram, bary_missed_context, bary_noisy_activation, position_x, position_y, nearest_anchor, cluster_id
(1, 'Z', 0.75, 1, 0.25, 0.125, 0.5, 1, 2, 3, 4, 5, 5, 5, 10, 0.5, 0.25, 0.25, 0.375, 0.125, 'missed_ngram', -1),
(1, 'A', NULL, NULL, NULL, NULL, 0.5, 1, NULL, NULL, NULL, NULL, 5, 5, 10, 0.25, 0.5, 0.25, 0.5, 0.125, 'missed_context', -1),
