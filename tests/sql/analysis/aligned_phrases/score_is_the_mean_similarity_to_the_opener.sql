-- SPEC.md 3, alignment: the score of a group is the mean similarity of the taken chunks to the opener.
-- Group 0: (0.9 + 0.7) / 2 = 0.8, the similarity of its two members to each other is no part of it. Group 1 has
-- one member: its similarity. Both groups of the other model tie at 0.75. No null can arise: a group has a member.
-- given analysis.alignment_groups: model VARCHAR, feature_id BIGINT, group_id INTEGER, opener BIGINT, members BIGINT[]
('m', 1, 0, 0, [2, 3]), ('m', 1, 1, 1, [4]), ('n', 1, 0, 0, [2]), ('n', 1, 1, 1, [3]),
-- given analysis.phrase_similarity: model VARCHAR, feature_id BIGINT, phrase_order BIGINT, later_order BIGINT, similarity FLOAT
('m', 1, 0, 2, 0.9), ('m', 1, 0, 3, 0.7), ('m', 1, 2, 3, 0.1), ('m', 1, 1, 4, 0.8), ('m', 2, 0, 2, 0.2),
('n', 1, 0, 2, 0.75), ('n', 1, 1, 3, 0.75),
-- given analysis.phrases: feature_id BIGINT, phrase_order BIGINT, explainer VARCHAR, chunk_index INTEGER, text_key VARCHAR, text VARCHAR
(1, 0, 'A', 0, 'k0', 'jury'), (1, 1, 'A', 1, 'k1', 'court'), (1, 2, 'B', 0, 'k0', 'jury'),
(1, 3, 'C', 0, 'k3', 'juries'), (1, 4, 'C', 1, 'k4', 'courts'),
-- expect: model, feature_id, group_id, group_similarity, phrase_order, explainer, chunk_index, text_key, text
('m', 1, 0, 0.8, 0, 'A', 0, 'k0', 'jury'),
('m', 1, 0, 0.8, 2, 'B', 0, 'k0', 'jury'),
('m', 1, 0, 0.8, 3, 'C', 0, 'k3', 'juries'),
('m', 1, 1, 0.8, 1, 'A', 1, 'k1', 'court'),
('m', 1, 1, 0.8, 4, 'C', 1, 'k4', 'courts'),
('n', 1, 0, 0.75, 0, 'A', 0, 'k0', 'jury'),
('n', 1, 0, 0.75, 2, 'B', 0, 'k0', 'jury'),
('n', 1, 1, 0.75, 1, 'A', 1, 'k1', 'court'),
('n', 1, 1, 0.75, 3, 'C', 0, 'k3', 'juries'),
