-- SPEC.md 3, RV. Explainer a: fuzz 0, 1/2, 1 and 0, 1, 1/2, centred (-1/2, 0, 1/2) and (-1/2, 1/2, 0): xy = 1/4, xx = yy = 1/2: (1/4)^2 / (1/2 * 1/2) = 1/4. Detection
-- has one shared feature of three and does not count; feature 4 lacks a score (null). Explainer b: all of x tie: null.
-- given analysis.scores: source VARCHAR, feature_id BIGINT, method VARCHAR, score DOUBLE
('ax', 1, 'fuzz', 0), ('ax', 2, 'fuzz', 0.5), ('ax', 3, 'fuzz', 1), ('ax', 4, 'fuzz', 1), ('ay', 1, 'fuzz', 0), ('ay', 2, 'fuzz', 1), ('ay', 3, 'fuzz', 0.5), ('ay', 4, 'fuzz', NULL),
('ax', 1, 'detection', 1), ('ay', 1, 'detection', 1),
('bx', 1, 'fuzz', 0.5), ('bx', 2, 'fuzz', 0.5), ('by', 1, 'fuzz', 0), ('by', 2, 'fuzz', 1),
-- given staging.sources: source VARCHAR, explainer_short VARCHAR, scorer_short VARCHAR
('ax', 'a', 'x'), ('ay', 'a', 'y'), ('bx', 'b', 'x'), ('by', 'b', 'y'),
-- given staging.scorers: scorer_short VARCHAR, scorer_order INTEGER
('x', 0), ('y', 1),
-- expect: explainer_short, scorer_short, other_short, features, methods, consistency
('a', 'x', 'y', 3, 1, 0.25), ('b', 'x', 'y', 2, 1, NULL),
