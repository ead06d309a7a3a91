-- fuzz 0, 0.5 of a and 0.5, 1 of b, by the scorers s and t (0.5 is a tie): mean 0.5, total 0.5. Members: 2 ×
-- 0.25² × 2 = 0.25, so 0.5; scorers the same. Omega: w = 0.25 ÷ 2, (0.25 - 0.125) ÷ (0.5 + 0.125) = 0.2.
-- Features: of a 1, of b 1: as members. One explainer, one method: no rows. A method of equal scores has null shares; a
-- score without an explainer (null) counts for the other factors. Without fuzz, detection and embedding
-- of another method the rows of all three are those of fuzz.
-- given analysis.scores_long: member VARCHAR, llm_explainer VARCHAR, scorer VARCHAR, method VARCHAR, feature_id BIGINT, score DOUBLE
('a', 'e', 's', 'fuzz', 1, 0), ('a', 'e', 't', 'fuzz', 1, 0.5),
('b', 'e', 's', 'fuzz', 1, 0.5), ('b', 'e', 't', 'fuzz', 1, 1),
('a', NULL, 's', 'intruder', 1, 0.5), ('b', NULL, 's', 'intruder', 1, 0.5)
-- expect: method, factor, levels, num_values, eta_squared, omega_squared
(NULL, 'member', 2, 4, 0.5, 0.2),
(NULL, 'scorer', 2, 4, 0.5, 0.2),
(NULL, 'feature', 2, 4, 0.5, 0.2),
('fuzz', 'member', 2, 4, 0.5, 0.2),
('fuzz', 'scorer', 2, 4, 0.5, 0.2),
('fuzz', 'feature', 2, 4, 0.5, 0.2),
('intruder', 'member', 2, 2, NULL, NULL),
('intruder', 'feature', 2, 2, NULL, NULL)
