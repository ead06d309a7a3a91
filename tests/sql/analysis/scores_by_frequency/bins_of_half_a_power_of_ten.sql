-- Density 0.05: 2 log10 = -2.6, the bin from 10^-1.5 to 0.1; two features are in it, scores 0.25 and 0.75: mean and median 0.5. Density 0.1 ties with an edge: inside, up to
-- 10^-0.5. Features 4 (never fires) and 5 (null: unknown) are left out, and so is feature 6, of which there is a sample alone. intruder has a null for its explainer.
-- given analysis.scores_long: feature_id BIGINT, llm_explainer VARCHAR, scorer VARCHAR, method VARCHAR, score DOUBLE
(1, 'A', 's', 'fuzz', 0.25), (2, 'A', 's', 'fuzz', 0.75), (3, 'A', 's', 'fuzz', 1), (4, 'A', 's', 'fuzz', 0), (5, 'A', 's', 'fuzz', 0), (6, 'A', 's', 'fuzz', 0), (3, NULL, 's', 'intruder', 0.5),
-- given analysis.feature_statistics: feature_id BIGINT, basis VARCHAR, density DOUBLE
(1, 'corpus', 0.05), (2, 'corpus', 0.05), (3, 'corpus', 0.1), (4, 'corpus', 0), (5, 'corpus', NULL), (6, 'sample', 0.05),
-- expect: llm_explainer, scorer, method, density_low, density_high, features, mean_score, median_score
('A', 's', 'fuzz', pow(10, -1.5), 0.1, 2, 0.5, 0.5), ('A', 's', 'fuzz', 0.1, pow(10, -0.5), 1, 1, 1), (NULL, 's', 'intruder', 0.1, pow(10, -0.5), 1, 0.5, 0.5),
