-- A phrase of no group of the default model has null, though another model has one for it. Equal phrases (a tie) are two rows.
-- given analysis.phrases: feature_id BIGINT, phrase_order BIGINT, explainer VARCHAR, chunk_index INTEGER, text VARCHAR
(1, 0, 'A', 0, 'jury'), (1, 1, 'A', 1, 'jury'), (1, 2, 'B', 0, 'juries'),
-- given analysis.aligned_phrases: model VARCHAR, feature_id BIGINT, group_id INTEGER, group_similarity FLOAT, phrase_order BIGINT
('m', 1, 0, 0.75, 0), ('m', 1, 0, 0.75, 2), ('n', 1, 0, 0.5, 1),
-- given staging.default_model: model VARCHAR
('m'),
-- expect: feature_id, llm_explainer, chunk_index, text, aligned_group_id, group_similarity
(1, 'A', 0, 'jury', 0, 0.75), (1, 'A', 1, 'jury', NULL, NULL), (1, 'B', 0, 'juries', 0, 0.75),
