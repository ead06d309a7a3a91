-- SPEC.md 4.2: by feature, then explainer order ("Z" is the first explainer). Two equal texts (a tie) share a vector. An explanation without a vector of the default model has no row: none is null.
-- given analysis.explanations: feature_id BIGINT, explainer_order INTEGER, explainer VARCHAR, source VARCHAR, text_key VARCHAR, text VARCHAR
(2, 0, 'Z', 's1', 'k', 'x'), (1, 1, 'A', 's2', 'k', 'x'), (1, 0, 'Z', 's1', 'k2', 'y'), (3, 0, 'Z', 's1', 'none', 'z'),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- given staging.sources: source VARCHAR, data_source VARCHAR
('s1', 'run-1'), ('s2', 'run-2'),
-- given vectors.explanations: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'k', [1, 2]), ('m', 'k2', [3, 4]), ('n', 'k', [5, 6]),
-- given staging.default_model: model VARCHAR
('m'),
-- given staging.explainers: explainer VARCHAR, explainer_order INTEGER
('Z', 0), ('A', 1),
-- expect: feature_id, sae_id, data_source, llm_explainer, embedding, explanation_text
(1, 'sae/x', 'run-1', 'Z', [3, 4], 'y'), (1, 'sae/x', 'run-2', 'A', [1, 2], 'x'), (2, 'sae/x', 'run-1', 'Z', [1, 2], 'x'),
