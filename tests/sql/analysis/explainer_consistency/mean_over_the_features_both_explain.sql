-- SPEC.md 3: the mean cosine similarity of two explainers' explanations. A and B: (0.5 + 1) / 2; each pair once, the
-- earlier explainer first. A and C both explain one feature. B and C share none: no row, not null. A tie in names
-- cannot be: an explainer's order is its own.
-- given analysis.explanation_similarity: model VARCHAR, feature_id BIGINT, explainer_order INTEGER, other_order INTEGER, similarity FLOAT
('m', 1, 0, 1, 0.5), ('m', 1, 1, 0, 0.5), ('m', 2, 0, 1, 1), ('m', 2, 1, 0, 1), ('m', 3, 0, 2, -0.25), ('m', 3, 2, 0, -0.25),
-- given staging.explainers: explainer_order INTEGER, explainer_short VARCHAR, explainer VARCHAR
(0, 'a', 'org/A'), (1, 'b', 'org/B'), (2, 'c', 'org/C'),
-- expect: model, explainer_short, explainer, other_short, other_explainer, features, consistency
('m', 'a', 'org/A', 'b', 'org/B', 2, 0.75), ('m', 'a', 'org/A', 'c', 'org/C', 1, -0.25),
