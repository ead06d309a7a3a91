-- Thresholds 0.8 and 0.5 (told twice: once) make three groups, low inside, high outside; without a scorer the mean over
-- all: A of feature 1 (0.5 + 0.7) / 2 = 0.6, B of feature 1 ties with 0.8 and is inside; A of feature 2 is 0.49. The outer
-- bounds are null. Rows of other figures and features without the figure are in no group.
-- given analysis.figures_long: figure VARCHAR, feature_id BIGINT, llm_explainer VARCHAR, scorer VARCHAR, value DOUBLE
('fuzz', 1, 'A', 's', 0.5), ('fuzz', 1, 'A', 't', 0.7), ('fuzz', 1, 'B', 's', 0.8), ('fuzz', 2, 'A', 's', 0.49),
('match_rate', 3, NULL, NULL, 1),
-- given staging.explainers: explainer_short VARCHAR, explainer VARCHAR
('a', 'A'), ('b', 'B'),
-- given staging.scorers: scorer_short VARCHAR, scorer VARCHAR
('s', 's'), ('t', 't'),
-- call analysis.feature_groups([0.8, 0.5, 0.5], 'fuzz')
-- expect: group_index, low, high, num_rows, num_features, feature_ids
(0, NULL, 0.5, 1, 1, [2]), (1, 0.5, 0.8, 1, 1, [1]), (2, 0.8, NULL, 1, 1, [1]),
-- empty
(0, NULL, 0.5, 0, 0, []), (1, 0.5, 0.8, 0, 0, []), (2, 0.8, NULL, 0, 0, []),
