-- a and b are one SAE: features 1 and 2 are in both. a and c pair by decoder: the cosine that ties with
-- compare.min_cosine counts, the one below does not. b and c have no pairing (null).
-- set compare.min_cosine = 0.5
-- given compare.member_pairs: member VARCHAR, other_member VARCHAR, pairing VARCHAR
('a', 'b', 'feature_id'),
('a', 'c', 'decoder'),
('b', 'c', NULL),
-- given analysis.feature_overview: member VARCHAR, feature_id BIGINT
('a', 1), ('a', 2), ('a', 3), ('b', 1), ('b', 2), ('b', 9), ('c', 1)
-- given compare.latent_pairs: member VARCHAR, other_member VARCHAR, feature_id BIGINT, other_feature_id BIGINT, cosine_similarity FLOAT
('a', 'c', 1, 7, 0.5),
('a', 'c', 2, 8, 0.4375),
-- expect: member, other_member, pairing, feature_id, other_feature_id, cosine_similarity
('a', 'b', 'feature_id', 1, 1, NULL),
('a', 'b', 'feature_id', 2, 2, NULL),
('a', 'c', 'decoder', 1, 7, 0.5)
