-- Every figure by name. A of feature 1 has (0.5 + 0.25) / 2; the pattern figures that are null have no row, a match_rate of 0
-- has one. The nearest neighbour alone counts, and of explained features alone: feature 9 is not. Own figures are kept ones
-- that are no tags. Features 1 and 2 tie in match_rate.
-- given analysis.scores_long: feature_id BIGINT, llm_explainer VARCHAR, scorer VARCHAR, method VARCHAR, score DOUBLE
(1, 'A', 's', 'fuzz', 0.75), (1, NULL, 's', 'intruder', 1),
-- given analysis.explanation_pairs_long: feature_id BIGINT, llm_explainer VARCHAR, cosine_similarity FLOAT
(1, 'A', 0.5), (1, 'A', 0.25), (1, 'B', 0.5),
-- given master.ex_act_pattern_matching: feature_id BIGINT, match_rate FLOAT, activation_semantic_sim FLOAT, activation_max_jaccard FLOAT
(1, 0, 0.5, NULL), (2, 0, NULL, 0.25),
-- given master.explanation_alignment: feature_id BIGINT, num_aligned_groups INTEGER
(1, 0),
-- given analysis.decoder_neighbours: feature_id BIGINT, rank INTEGER, cosine_similarity FLOAT
(1, 1, 0.5), (1, 2, 0.25), (9, 1, 0.5),
-- given staging.figure_values: name VARCHAR, feature_id BIGINT, llm_explainer VARCHAR, scorer VARCHAR, figure DOUBLE, status VARCHAR
('mine.depth', 9, NULL, NULL, 3, 'kept'), ('mine.depth', 8, NULL, NULL, 3, 'quarantined'), ('mine.kind', 9, NULL, NULL, NULL, 'kept'),
-- expect: figure, feature_id, llm_explainer, scorer, value
('fuzz', 1, 'A', 's', 0.75), ('intruder', 1, NULL, 's', 1),
('semantic_similarity', 1, 'A', NULL, 0.375), ('semantic_similarity', 1, 'B', NULL, 0.5),
('match_rate', 1, NULL, NULL, 0), ('match_rate', 2, NULL, NULL, 0),
('activation_semantic_sim', 1, NULL, NULL, 0.5), ('activation_max_jaccard', 2, NULL, NULL, 0.25),
('num_aligned_groups', 1, NULL, NULL, 0), ('decoder_similarity', 1, NULL, NULL, 0.5), ('mine.depth', 9, NULL, NULL, 3),
