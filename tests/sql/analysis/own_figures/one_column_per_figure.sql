-- Kept figures that are the feature's own, of no explainer or scorer; a feature without one has null there. A tie cannot
-- be: a second value of one name is quarantined.
-- given staging.figure_values: feature_id BIGINT, name VARCHAR, figure DOUBLE, tag VARCHAR, status VARCHAR, llm_explainer VARCHAR, scorer VARCHAR
(1, 'mine.depth', 3, NULL, 'kept', NULL, NULL), (1, 'mine.width', 4, NULL, 'kept', NULL, NULL), (2, 'mine.depth', 3, NULL, 'kept', NULL, NULL),
(3, 'mine.depth', 9, NULL, 'quarantined', NULL, NULL), (3, 'mine.depth', 9, NULL, 'kept', 'A', NULL), (3, 'mine.depth', 9, NULL, 'kept', NULL, 's'),
(3, 'mine.kind', NULL, 'odd', 'kept', NULL, NULL),
-- expect: feature_id, "mine.depth", "mine.width"
(1, 3, 4), (2, 3, NULL),
