-- version: 1
-- description: One row per member: what it is, and its means over features.
-- key: member
-- column member: the member
-- column member_order: 0-based place in the collection
-- column sae_id: its SAE
-- column layer: the layer that the SAE's id names; null if none
-- column build_id: the build whose rows these are
-- column features: features with records or explanations
-- column explained: features that have an explanation
-- column explanations: explanations
-- column frequencies: features whose density in the corpus is known
-- column mean_score: mean of analysis.feature_overview's mean_score over the features that have one
-- column mean_fuzz: of mean_fuzz
-- column mean_detection: of mean_detection
-- column mean_embedding: of mean_embedding
-- column semantic_similarity: of semantic_similarity
-- column match_rate: of match_rate
SELECT
    m.member,
    any_value(m.member_order) AS member_order,
    any_value(m.sae_id) AS sae_id,
    layer_of(any_value(m.sae_id)) AS layer,
    any_value(m.build_id) AS build_id,
    count(f.feature_id) AS features,
    count(*) FILTER (f.num_explanations > 0) AS explained,
    coalesce(sum(f.num_explanations), 0)::BIGINT AS explanations,
    count(f.density) AS frequencies,
    list_avg(list(f.mean_score::DOUBLE ORDER BY f.feature_id)) AS mean_score,
    list_avg(list(f.mean_fuzz::DOUBLE ORDER BY f.feature_id)) AS mean_fuzz,
    list_avg(list(f.mean_detection::DOUBLE ORDER BY f.feature_id)) AS mean_detection,
    list_avg(list(f.mean_embedding::DOUBLE ORDER BY f.feature_id)) AS mean_embedding,
    list_avg(list(f.semantic_similarity::DOUBLE ORDER BY f.feature_id)) AS semantic_similarity,
    list_avg(list(f.match_rate::DOUBLE ORDER BY f.feature_id)) AS match_rate
FROM collection.members m
LEFT JOIN analysis.feature_overview f ON f.member = m.member
GROUP BY m.member
ORDER BY member_order
