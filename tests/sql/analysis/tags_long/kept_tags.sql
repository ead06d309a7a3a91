-- Kept tags alone; figures (a null tag) and refused ones have no row; equal tags (a tie) stay.
-- given staging.figure_values: name VARCHAR, feature_id BIGINT, llm_explainer VARCHAR, scorer VARCHAR, tag VARCHAR, status VARCHAR
('mine.kind', 1, NULL, NULL, 'odd', 'kept'), ('mine.kind', 2, 'A', 's', 'odd', 'kept'), ('mine.kind', 3, NULL, NULL, 'odd', 'quarantined'), ('mine.depth', 1, NULL, NULL, NULL, 'kept'),
-- expect: tag, feature_id, llm_explainer, scorer, value
('mine.kind', 1, NULL, NULL, 'odd'), ('mine.kind', 2, 'A', 's', 'odd'),
