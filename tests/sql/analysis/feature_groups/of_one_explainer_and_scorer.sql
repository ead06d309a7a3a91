-- Explainers and scorers by short or full name. Feature 1 and 3 tie at the threshold: inside. A group without features
-- is there too. No figure is null.
-- given analysis.figures_long: figure VARCHAR, feature_id BIGINT, llm_explainer VARCHAR, scorer VARCHAR, value DOUBLE
('fuzz', 3, 'org/A', 'org/S', 0.5), ('fuzz', 1, 'org/A', 'org/S', 0.5), ('fuzz', 1, 'org/B', 'org/S', 0), ('fuzz', 2, 'org/A', 'org/T', 0),
-- given staging.explainers: explainer_short VARCHAR, explainer VARCHAR
('a', 'org/A'), ('b', 'org/B'),
-- given staging.scorers: scorer_short VARCHAR, scorer VARCHAR
('s', 'org/S'), ('t', 'org/T'),
-- call analysis.feature_groups([0.5], 'fuzz', explainer := 'a', scorer := 'org/S')
-- expect: group_index, low, high, num_rows, num_features, feature_ids
(0, NULL, 0.5, 0, 0, []), (1, 0.5, NULL, 2, 2, [1, 3]),
-- empty
(0, NULL, 0.5, 0, 0, []), (1, 0.5, NULL, 0, 0, []),
