-- SPEC.md 4.1. Neighbours in their ranks (they tie in similarity); the other explainers in order; one entry per scorer that scored by any method, null where a method is missing: S has the larger fuzz of two
-- sources, T simulation alone. Feature 2 has none of it: empty lists, a null threshold. 1 - 0.25 of the tree.
-- given analysis.decoder_neighbours: feature_id BIGINT, rank INTEGER, neighbour_id BIGINT, cosine_similarity FLOAT
(1, 2, 3, 0.5), (1, 1, 9, 0.5),
-- given analysis.explanation_similarity: model VARCHAR, feature_id BIGINT, explainer_order INTEGER, other_order INTEGER, other_explainer VARCHAR, similarity FLOAT
('m', 1, 0, 1, 'B', 0.25), ('m', 1, 1, 0, 'A', 0.25), ('n', 1, 0, 1, 'B', 1),
-- given staging.default_model: model VARCHAR
('m'),
-- given analysis.scores: feature_id BIGINT, source VARCHAR, method VARCHAR, score DOUBLE
(1, 'a_t', 'simulation', -0.5), (1, 'a_s', 'fuzz', 0.5), (1, 'a_s2', 'fuzz', 0.75), (1, 'a_s', 'embedding', NULL), (1, 'a_s', 'detection', 0), (1, 'b_s', 'intruder', 1),
-- given staging.sources: source VARCHAR, explainer_short VARCHAR, scorer_short VARCHAR
('a_s', 'a', 's'), ('a_s2', 'a', 's'), ('a_t', 'a', 't'), ('b_s', 'b', 's'),
-- given staging.scorers: scorer_short VARCHAR, scorer_order INTEGER, scorer VARCHAR
('s', 0, 'S'), ('t', 1, 'T'),
-- given analysis.explanations: feature_id BIGINT, explainer_order INTEGER, explainer VARCHAR, text VARCHAR
(2, 0, 'A', 'z'), (1, 1, 'B', 'y'), (1, 0, 'A', 'x'),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- given staging.explainers: explainer VARCHAR, explainer_short VARCHAR, explainer_order INTEGER
('A', 'a', 0), ('B', 'b', 1),
-- given analysis.merge_distances: feature_id BIGINT, first_merge_distance FLOAT
(1, 0.25), (2, NULL),
-- expect: feature_id, sae_id, explanation_method, llm_explainer, explanation_text, decoder_similarity, semantic_similarity, scores, decoder_similarity_merge_threshold
(1, 'sae/x', 'quantiles', 'A', 'x', [{'feature_id': 9, 'cosine_similarity': 0.5}, {'feature_id': 3, 'cosine_similarity': 0.5}], [{'explainer': 'B', 'cosine_similarity': 0.25}],
    [{'scorer': 'S', 'fuzz': 0.75, 'simulation': NULL, 'detection': 0, 'embedding': NULL}, {'scorer': 'T', 'fuzz': NULL, 'simulation': -0.5, 'detection': NULL, 'embedding': NULL}], 0.75),
(1, 'sae/x', 'quantiles', 'B', 'y', [{'feature_id': 9, 'cosine_similarity': 0.5}, {'feature_id': 3, 'cosine_similarity': 0.5}], [{'explainer': 'A', 'cosine_similarity': 0.25}],
    [{'scorer': 'S', 'fuzz': NULL, 'simulation': NULL, 'detection': NULL, 'embedding': NULL}], 0.75),
(2, 'sae/x', 'quantiles', 'A', 'z', [], [], [], NULL),
