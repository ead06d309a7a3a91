-- version: 1
-- description: The files that the newer backend reads have one row for each thing that they are about, and
--   none for another.
WITH present AS (
    SELECT 'activation_display' AS relation, feature_id, NULL AS part FROM analysis.display_patterns
    UNION ALL
    SELECT 'interfeature_activation_similarity' AS relation, feature_id, NULL AS part
    FROM backend.interfeature_activation_similarity
    UNION ALL
    SELECT 'explanation_barycentric' AS relation, feature_id, llm_explainer AS part FROM backend.explanation_barycentric
    UNION ALL
    SELECT 'first_merge_clustering' AS relation, feature_id, NULL AS part FROM backend.first_merge_clustering
),

wanted AS (
    SELECT 'activation_display' AS relation, feature_id, NULL AS part
    FROM analysis.samples
    GROUP BY feature_id
    HAVING count(*) >= $display_min_examples
    UNION ALL
    SELECT DISTINCT 'interfeature_activation_similarity' AS relation, feature_id, NULL AS part FROM master.features
    UNION ALL
    SELECT 'explanation_barycentric' AS relation, feature_id, llm_explainer AS part FROM master.features
    UNION ALL
    SELECT DISTINCT 'first_merge_clustering' AS relation, feature_id, NULL AS part
    FROM master.features
    WHERE (SELECT count(DISTINCT feature_id) FROM master.features) <= $clustering_max_features
)

SELECT relation, feature_id, part, 'not there' AS what
FROM (FROM wanted EXCEPT FROM present)
UNION ALL
SELECT relation, feature_id, part, 'of nothing known' AS what
FROM (FROM present EXCEPT FROM wanted)
UNION ALL
SELECT relation, feature_id, part, 'twice' AS what
FROM present
GROUP BY relation, feature_id, part
HAVING count(*) > 1
