-- SPEC.md 3, embedding. Feature 1: activating 0.9, 0.5, others 0.5, 0.1: right pairs 3, a tie 1/2: 3.5 / 4. Feature 2 has one class: null; its
-- row without a value and the failed one do not count. Pooled: activating 0.9, 0.5, 0.1 and others 0.5, 0.1: 2 + 1.5 + 0.5 of 6. Surprisal has no
-- value: no row. example_embedding compares delta_plus with delta_minus: 0.5 against 0.25.
-- given staging.scores: source VARCHAR, method VARCHAR, feature_id BIGINT, outcome VARCHAR, activating BOOLEAN, value DOUBLE, other_value DOUBLE, probability DOUBLE
('s', 'embedding', 1, 'scored', true, 0.9, NULL, NULL), ('s', 'embedding', 1, 'scored', true, 0.5, NULL, NULL),
('s', 'embedding', 1, 'scored', false, 0.5, NULL, NULL), ('s', 'embedding', 1, 'scored', false, 0.1, NULL, NULL),
('s', 'embedding', 2, 'scored', true, 0.1, NULL, NULL), ('s', 'embedding', 2, 'scored', false, NULL, NULL, NULL),
('s', 'embedding', 2, 'failed', false, 0.9, NULL, NULL), ('s', 'fuzz', 1, 'correct', true, NULL, NULL, NULL),
('t', 'example_embedding', 1, 'correct', NULL, 0.5, 0.25, NULL),
-- expect: level, source, method, feature_id, area
('feature', 's', 'embedding', 1, 0.875), ('feature', 's', 'embedding', 2, NULL), ('source', 's', 'embedding', NULL, 2/3),
('feature', 't', 'example_embedding', 1, 1), ('source', 't', 'example_embedding', NULL, 1),
