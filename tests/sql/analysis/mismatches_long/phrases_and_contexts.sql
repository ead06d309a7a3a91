-- The mismatches flattened: an unmatched phrase, and a context that no phrase reaches, whose explainer is null. Ties stay.
-- given master.ex_act_pattern_matching: feature_id BIGINT, pattern_type VARCHAR, mismatches STRUCT(item_text VARCHAR, item_type VARCHAR, mismatch_type VARCHAR, explainer_name VARCHAR, semantic_similarity FLOAT)[]
(1, 'lexical', [('court', 'phrase', 'explanation_only', 'A', 0.25), ('ab', 'ngram', 'activation_only', NULL, 0.25)]), (2, 'none', []),
-- expect: feature_id, pattern_type, mismatch_type, item_type, item_text, llm_explainer, semantic_similarity
(1, 'lexical', 'explanation_only', 'phrase', 'court', 'A', 0.25), (1, 'lexical', 'activation_only', 'ngram', 'ab', NULL, 0.25),
