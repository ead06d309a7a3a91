-- SPEC.md 2: explanations are taken from one source of an explainer: that of staging.explainers. Source a_e-t_s is
-- another of a and is not read. The key is the md5 of the text, so that equal texts (a tie) have one key. No text is
-- null: those are quarantined.
-- given staging.explanations: feature_id BIGINT, source VARCHAR, text VARCHAR
(1, 'a_e-s_s', 'jury'), (1, 'a_e-t_s', 'other'), (1, 'b_e-s_s', 'jury'), (2, 'b_e-s_s', 'x'),
-- given staging.explainers: source VARCHAR, explainer_order INTEGER, explainer VARCHAR
('a_e-s_s', 0, 'A'), ('b_e-s_s', 1, 'B'),
-- expect: feature_id, explainer_order, explainer, source, text_key::VARCHAR, text
(1, 0, 'A', 'a_e-s_s', md5('jury')::UUID::VARCHAR, 'jury'),
(1, 1, 'B', 'b_e-s_s', md5('jury')::UUID::VARCHAR, 'jury'),
(2, 1, 'B', 'b_e-s_s', md5('x')::UUID::VARCHAR, 'x'),
