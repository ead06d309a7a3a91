-- SPEC-NEXT.md 5. Feature 1 of A: the largest of 0.25, 0.5, 0.125 is 0.5; scores are means over the scorers that have
-- them: fuzz (0.5 + 1) / 2, detection 0.75 of one, embedding of none: null. B has no scorer and no other explainer.
-- Feature 2 is not displayed (fewer than 2 examples): null; both its similarities tie.
-- given master.features: feature_id BIGINT, llm_explainer VARCHAR, scores STRUCT(scorer VARCHAR, fuzz DOUBLE, detection DOUBLE, embedding DOUBLE)[], semantic_similarity STRUCT(explainer VARCHAR, cosine_similarity FLOAT)[]
(1, 'A', [('s', 0.5, NULL, NULL), ('t', 1, 0.75, NULL)], [('B', 0.5), ('C', 0.25)]),
(1, 'B', [], []),
(2, 'A', [('s', 0, 0, 0)], [('B', 0.5), ('C', 0.5)]),
-- given staging.explainers: explainer VARCHAR, explainer_order INTEGER
('A', 0), ('B', 1),
-- given analysis.display_patterns: feature_id BIGINT, semantic_similarity FLOAT, char_share DOUBLE, word_share DOUBLE
(1, 0.25, 0.5, 0.125),
-- expect: feature_id, explainer_order, llm_explainer, intra_feature_sim, score_embedding, score_fuzz, score_detection, explanation_semantic_sim
(1, 0, 'A', 0.5, NULL, 0.75, 0.75, 0.375),
(1, 1, 'B', 0.5, NULL, NULL, NULL, NULL),
(2, 0, 'A', NULL, 0, 0, 0, 0.5),
