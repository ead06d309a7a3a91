-- Kept tags that are the feature's own; a feature without one has null there. A tie cannot be: a second value of one name
-- is quarantined.
-- given staging.figure_values: feature_id BIGINT, name VARCHAR, figure DOUBLE, tag VARCHAR, status VARCHAR, llm_explainer VARCHAR, scorer VARCHAR
(1, 'mine.kind', NULL, 'odd', 'kept', NULL, NULL), (2, 'mine.mood', NULL, 'odd', 'kept', NULL, NULL),
(3, 'mine.kind', NULL, 'x', 'quarantined', NULL, NULL), (3, 'mine.kind', NULL, 'x', 'kept', 'A', 's'), (3, 'mine.depth', 3, NULL, 'kept', NULL, NULL),
-- expect: feature_id, "mine.kind", "mine.mood"
(1, 'odd', NULL), (2, NULL, 'odd'),
