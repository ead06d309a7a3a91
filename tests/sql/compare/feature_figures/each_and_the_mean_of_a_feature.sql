-- Feature 1 has fuzz of two explainers, 0.5 and 1: 0.75 as a feature. match_rate is the feature's own: it
-- has no level explanation. Its density 0.01 is 10 to the -2: at 2 bins per power of ten bin -4 (a tie
-- with the bin's lower end is inside). Feature 2 is known from a sample alone: its bin is null. An
-- infinite figure of a user's is left out.
-- given analysis.figures_long: member VARCHAR, figure VARCHAR, feature_id BIGINT, llm_explainer VARCHAR, scorer VARCHAR, value DOUBLE
('a', 'fuzz', 1, 'e1', 's', 0.5),
('a', 'fuzz', 1, 'e2', 's', 1),
('a', 'match_rate', 1, NULL, NULL, 0.25),
('a', 'fuzz', 2, 'e1', 's', 0.5),
('a', 'mine.x', 2, NULL, NULL, 'inf'),
-- given analysis.feature_statistics: member VARCHAR, feature_id BIGINT, basis VARCHAR, density DOUBLE
('a', 1, 'corpus', 0.01), ('a', 1, 'sample', NULL), ('a', 2, 'sample', NULL)
-- expect: member, level, figure, llm_explainer, scorer, feature_id, value, frequency_bin
('a', 'explanation', 'fuzz', 'e1', 's', 1, 0.5, -4),
('a', 'explanation', 'fuzz', 'e2', 's', 1, 1, -4),
('a', 'explanation', 'fuzz', 'e1', 's', 2, 0.5, NULL),
('a', 'feature', 'fuzz', NULL, NULL, 1, 0.75, -4),
('a', 'feature', 'fuzz', NULL, NULL, 2, 0.5, NULL),
('a', 'feature', 'match_rate', NULL, NULL, 1, 0.25, -4)
