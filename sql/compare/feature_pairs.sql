-- version: 1
-- description: Which feature of a member is compared with which feature of another: the same id in the
--   same SAE; in another SAE of the layer its mutual nearest neighbour by the decoder, from
--   compare.min_cosine on. A feature is in one pair of two members at most.
-- key: member, other_member, feature_id
-- column member: the member
-- column other_member: a later member
-- column pairing: see compare.member_pairs
-- column feature_id: feature of the member
-- column other_feature_id: feature of the other member
-- column cosine_similarity: of the decoder rows; null for features paired by id
SELECT
    p.member,
    p.other_member,
    p.pairing,
    f.feature_id,
    o.feature_id AS other_feature_id,
    NULL::FLOAT AS cosine_similarity
FROM compare.member_pairs p
JOIN analysis.feature_overview f ON f.member = p.member
JOIN analysis.feature_overview o ON o.member = p.other_member AND o.feature_id = f.feature_id
WHERE p.pairing = 'feature_id'
UNION ALL
SELECT member, other_member, 'decoder' AS pairing, feature_id, other_feature_id, cosine_similarity
FROM compare.latent_pairs
WHERE cosine_similarity >= $compare_min_cosine
ORDER BY member, other_member, feature_id
