-- activation_similarity, three features (4's is null in m): m 0.125, 0.25, 0.25 (a tie: ranks 1, 2.5, 2.5), n 0.375, 0.625, 0.5
-- (ranks 1, 3, 2): correlation 1.5 / sqrt(1.5 * 2). Differences 1/4, 3/8, 1/4, mean 7/24; residuals -1/24, 2/24, -1/24;
-- margin t(2) * sqrt(6/576 * 3/2) / 3 = t(2) / 24, t(2) = 4.302652729911275.
-- aligned_groups: feature 1 has 2 and 1, feature 2 none: differences -1 and 0, mean -1/2, residuals -1/2 and 1/2, margin t(1) *
-- sqrt(1/2 * 2) / 2, t(1) = 12.706204736174704. explanation_similarity: one feature has no interval, and one value no rank.
-- pattern_type: of two features one changes.
-- given staging.embedding_models: model VARCHAR, model_order INTEGER
('m', 0), ('n', 1),
-- given analysis.explanation_similarity: model VARCHAR, feature_id BIGINT, explainer_order INTEGER, other_order INTEGER, similarity FLOAT
('m', 1, 0, 1, 0.5), ('m', 1, 1, 0, 0.5), ('n', 1, 0, 1, 0.75), ('n', 1, 1, 0, 0.75),
-- given analysis.activation_similarity: model VARCHAR, feature_id BIGINT, mean_similarity FLOAT
('m', 1, 0.125), ('m', 2, 0.25), ('m', 3, 0.25), ('m', 4, NULL), ('n', 1, 0.375), ('n', 2, 0.625), ('n', 3, 0.5), ('n', 4, 0.5),
-- given analysis.pattern_types: model VARCHAR, feature_id BIGINT, pattern_type VARCHAR
('m', 1, 'none'), ('m', 2, 'none'), ('n', 1, 'semantic'), ('n', 2, 'none'),
-- given analysis.alignment_groups: model VARCHAR, feature_id BIGINT, group_id INTEGER
('m', 1, 0), ('m', 1, 1), ('n', 1, 0),
-- expect: model, other_model, measure, compared, rank_correlation, mean_difference, mean_difference_low, mean_difference_high, changed
('m', 'n', 'activation_similarity', 3, sqrt(3) / 2, 7/24, (7 - 4.302652729911275) / 24, (7 + 4.302652729911275) / 24, NULL),
('m', 'n', 'aligned_groups', 2, 1, -0.5, -0.5 - 12.706204736174704 / 2, -0.5 + 12.706204736174704 / 2, NULL),
('m', 'n', 'explanation_similarity', 1, NULL, 0.25, NULL, NULL, NULL),
('m', 'n', 'pattern_type', 2, NULL, NULL, NULL, NULL, 1),
