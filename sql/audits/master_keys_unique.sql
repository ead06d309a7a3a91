-- version: 1
-- description: The key of every master file is unique.
SELECT 'features' AS master, feature_id, llm_explainer AS part FROM master.features GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT 'explanation_embeddings' AS master, feature_id, llm_explainer AS part
FROM master.explanation_embeddings GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT 'activation_examples' AS master, feature_id, prompt_id::VARCHAR AS part
FROM staging.activation_examples GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT 'activation_embeddings' AS master, feature_id, NULL AS part
FROM staging.features GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT 'activation_example_similarity' AS master, feature_id, NULL AS part
FROM master.activation_example_similarity GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT 'interfeature_similarity' AS master, feature_id, NULL AS part
FROM master.interfeature_similarity GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT 'explanation_alignment' AS master, feature_id, NULL AS part
FROM master.explanation_alignment GROUP BY ALL HAVING count(*) > 1
UNION ALL
SELECT 'ex_act_pattern_matching' AS master, feature_id, NULL AS part
FROM master.ex_act_pattern_matching GROUP BY ALL HAVING count(*) > 1
