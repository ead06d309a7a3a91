-- SPEC.md 3, scores. Fuzz: 1 of 2 not failed; feature 2 failed throughout: null, not 0. Simulation of s: the overall group 0.4, variance of 0.2 and 0.6:
-- 0.08; of t: no overall group: mean 0.4 of the finite ones (they tie with s). Embedding: the area. A method that is not interpreted keeps its rows.
-- given staging.scores: source VARCHAR, method VARCHAR, feature_id BIGINT, outcome VARCHAR, distance DOUBLE, value DOUBLE, line BIGINT, details VARCHAR
('s', 'fuzz', 1, 'correct', 1, NULL, 0, NULL), ('s', 'fuzz', 1, 'incorrect', 1, NULL, 1, NULL), ('s', 'fuzz', 1, 'failed', 1, NULL, 2, NULL),
('s', 'fuzz', 2, 'failed', 1, NULL, 0, NULL),
('s', 'simulation', 1, 'scored', 0, 0.4, 0, NULL), ('s', 'simulation', 1, 'scored', 1, 0.2, 1, NULL), ('s', 'simulation', 1, 'scored', 2, 0.6, 2, NULL),
('t', 'simulation', 1, 'scored', 1, 0.2, 0, NULL), ('t', 'simulation', 1, 'failed', 2, NULL, 1, NULL), ('t', 'simulation', 1, 'scored', 3, 0.6, 2, NULL),
('s', 'embedding', 1, 'scored', 1, 0.9, 0, NULL), ('s', 'intruder', 1, 'correct', 1, NULL, 0, NULL),
('s', 'new', 1, 'kept', NULL, NULL, 1, '{"b":2}'), ('s', 'new', 1, 'kept', NULL, NULL, 0, '{"a":1}'),
-- given analysis.roc_areas: level VARCHAR, source VARCHAR, method VARCHAR, feature_id BIGINT, area DOUBLE
('feature', 's', 'embedding', 1, 0.875), ('source', 's', 'embedding', NULL, 0.5),
-- expect: feature_id, source, method, of_explanation, score, total, failed, succeeded, variance, details
(1, 's', 'fuzz', true, 0.5, 3, 1, 2, NULL, NULL), (2, 's', 'fuzz', true, NULL, 1, 1, 0, NULL, NULL),
(1, 's', 'simulation', true, 0.4, 3, 0, 3, 0.08, NULL), (1, 't', 'simulation', true, 0.4, 3, 1, 2, 0.08, NULL),
(1, 's', 'embedding', true, 0.875, 1, 0, 1, NULL, NULL), (1, 's', 'intruder', false, 1, 1, 0, 1, NULL, NULL),
(1, 's', 'new', true, NULL, 2, NULL, NULL, NULL, '[{"a":1},{"b":2}]'),
