-- a: two features, of which one is explained by two explainers; means over those that have the figure, null
-- where none has. b has no features: zeros and nulls. A tie of the two scores of c is their mean.
-- given collection.members: member VARCHAR, member_order INTEGER, sae_id VARCHAR, build_id VARCHAR
('a', 0, 'x/layer_4/w', 'b1'), ('b', 1, NULL, 'b2'), ('c', 2, 'gemma-2-2b/20-res-16k', 'b3')
-- given analysis.feature_overview: member VARCHAR, feature_id BIGINT, num_explanations BIGINT, density DOUBLE, mean_score FLOAT, mean_fuzz FLOAT, mean_detection FLOAT, mean_embedding FLOAT, semantic_similarity FLOAT, match_rate FLOAT
('a', 1, 2, 0.5, 0.75, 0.5, 1, NULL, 0.25, 0.5),
('a', 2, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
('c', 1, 1, NULL, 0.5, 0.5, NULL, NULL, NULL, NULL),
('c', 2, 1, NULL, 0.5, 0.5, NULL, NULL, NULL, NULL)
-- expect: member, member_order, sae_id, layer, build_id, features, explained, explanations, frequencies, mean_score, mean_fuzz, mean_detection, mean_embedding, semantic_similarity, match_rate
('a', 0, 'x/layer_4/w', 4, 'b1', 2, 1, 2, 1, 0.75, 0.5, 1, NULL, 0.25, 0.5),
('b', 1, NULL, NULL, 'b2', 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL),
('c', 2, 'gemma-2-2b/20-res-16k', 20, 'b3', 2, 2, 2, 0, 0.5, 0.5, NULL, NULL, NULL, NULL)
