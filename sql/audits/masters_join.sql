-- version: 1
-- description: The masters join on (feature_id, sae_id): none is unmatched on the explained features.
WITH explained AS (
    SELECT DISTINCT feature_id, sae_id FROM master.features
),

others AS (
    SELECT 'explanation_embeddings' AS master, feature_id, sae_id FROM master.explanation_embeddings
    UNION
    SELECT 'activation_example_similarity' AS master, feature_id, sae_id FROM master.activation_example_similarity
    UNION
    SELECT 'interfeature_similarity' AS master, feature_id, sae_id FROM master.interfeature_similarity
    UNION
    SELECT 'explanation_alignment' AS master, feature_id, sae_id FROM master.explanation_alignment
    UNION
    SELECT 'ex_act_pattern_matching' AS master, feature_id, sae_id FROM master.ex_act_pattern_matching
    UNION
    SELECT 'activation_examples' AS master, f.feature_id, s.sae_id
    FROM (SELECT DISTINCT feature_id FROM staging.activation_examples) f, staging.sae s
),

names AS (
    SELECT DISTINCT master FROM others
)

SELECT n.master, e.feature_id, 'not in this master' AS what
FROM explained e
CROSS JOIN names n
ANTI JOIN others o ON o.master = n.master AND o.feature_id = e.feature_id AND o.sae_id = e.sae_id
UNION ALL
SELECT o.master, o.feature_id, 'of another SAE, or no known feature' AS what
FROM others o
CROSS JOIN staging.sae s
LEFT JOIN staging.features f ON f.feature_id = o.feature_id
WHERE f.feature_id IS NULL OR o.sae_id <> s.sae_id
