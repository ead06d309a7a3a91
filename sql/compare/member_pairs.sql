-- version: 1
-- description: Every two members, and how features of one are paired with features of the other.
-- key: member, other_member
-- column member: the member
-- column other_member: a later member
-- column same_sae: whether both are of one SAE: their decoder files are equal; where one has none, their
--   SAE ids are
-- column same_layer: whether their SAE ids name the same layer, or neither names one
-- column pairing: feature_id: features of one SAE have one id; decoder: features of SAEs of one layer
--   are paired by their decoder rows; null: there is no pairing
SELECT
    a.member,
    b.member AS other_member,
    coalesce(a.decoder_hash = b.decoder_hash, a.sae_id = b.sae_id, false) AS same_sae,
    layer_of(a.sae_id) IS NOT DISTINCT FROM layer_of(b.sae_id) AS same_layer,
    CASE
        WHEN coalesce(a.decoder_hash = b.decoder_hash, a.sae_id = b.sae_id, false) THEN 'feature_id'
        WHEN a.decoder_hash IS NOT NULL AND b.decoder_hash IS NOT NULL
            AND layer_of(a.sae_id) IS NOT DISTINCT FROM layer_of(b.sae_id) THEN 'decoder'
    END AS pairing
FROM collection.members a
JOIN collection.members b ON b.member_order > a.member_order
ORDER BY a.member_order, b.member_order
