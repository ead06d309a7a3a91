-- The matches flattened; a feature without one has no row; two that tie are two rows. No field of a match is null.
-- given master.ex_act_pattern_matching: feature_id BIGINT, pattern_type VARCHAR, matches STRUCT(phrase_text VARCHAR, explainer_name VARCHAR, phrase_chunk_index INTEGER, semantic_similarity FLOAT, match_type VARCHAR)[]
(1, 'both', [('jury', 'A', 0, 0.75, 'both'), ('jury', 'B', 2, 0.75, 'both')]), (2, 'none', []),
-- expect: feature_id, pattern_type, llm_explainer, phrase_text, chunk_index, semantic_similarity, match_type
(1, 'both', 'A', 'jury', 0, 0.75, 'both'), (1, 'both', 'B', 'jury', 2, 0.75, 'both'),
