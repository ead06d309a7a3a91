-- Each feature has its part; the parts in order are one document.
-- set neighbours.count = 1
-- given staging.sae: sae_id VARCHAR
('a/b'),
-- given analysis.decoder_neighbours: feature_id BIGINT, rank INTEGER, neighbour_id BIGINT, cosine_similarity FLOAT
(5, 1, 7, 0.75), (4100, 1, 5, 0.25),
-- expect: path, part, document
('feature_similarity/a--b/feature_similarities.json', 0, '{"metadata":{"sae_id":"a/b","neighbors_per_feature":1},"feature_mappings":['),
('feature_similarity/a--b/feature_similarities.json', 6, '{"source_feature_id":5,"top_10_neighbors":[{"feature_id":7,"cosine_similarity":0.75,"rank":1}]}'),
('feature_similarity/a--b/feature_similarities.json', 4101, ',{"source_feature_id":4100,"top_10_neighbors":[{"feature_id":5,"cosine_similarity":0.25,"rank":1}]}'),
('feature_similarity/a--b/feature_similarities.json', 4294967297, '],"statistics":{"total_features":2,"total_pairs":2,"mean_similarity":0.5,"min_similarity":0.25,"max_similarity":0.75}}'),
