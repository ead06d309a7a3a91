-- The list of features.semantic_similarity flattened; an only explainer has an empty list and no row; null stays null;
-- ties stay two rows.
-- given master.features: feature_id BIGINT, llm_explainer VARCHAR, semantic_similarity STRUCT(explainer VARCHAR, cosine_similarity FLOAT)[]
(1, 'A', [('B', 0.5), ('C', 0.5)]), (1, 'B', [('A', NULL)]), (2, 'A', []),
-- expect: feature_id, llm_explainer, other_explainer, cosine_similarity
(1, 'A', 'B', 0.5), (1, 'A', 'C', 0.5), (1, 'B', 'A', NULL),
