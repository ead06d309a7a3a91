-- SPEC.md 3, alignment, greedy: 0 takes 2 (0.75 is the threshold: a tie is in) and not 3. 1 finds 2 taken, and takes
-- 4. 3 would take 4, which is taken: no group, and group ids count only groups. 2 and 4 are members and open none.
-- Feature 2: 0 takes 1 and 2, so that 1 opens no group although 2 is like it. Feature 3: nothing reaches the
-- threshold; a null similarity never does.
-- set alignment.threshold = 0.75
-- given analysis.phrase_similarity: model VARCHAR, feature_id BIGINT, phrase_order BIGINT, later_order BIGINT, similarity FLOAT
('m', 1, 0, 2, 0.75), ('m', 1, 0, 3, 0.74), ('m', 1, 1, 2, 0.95), ('m', 1, 1, 4, 0.8), ('m', 1, 3, 4, 0.9),
('m', 2, 0, 1, 0.75), ('m', 2, 0, 2, 0.75), ('m', 2, 1, 2, 1),
('m', 3, 0, 1, 0.5), ('m', 3, 0, 2, NULL),
('n', 1, 1, 2, 0.9),
-- expect: model, feature_id, group_id, opener, members
('m', 1, 0, 0, [2]),
('m', 1, 1, 1, [4]),
('m', 2, 0, 0, [1, 2]),
('n', 1, 0, 1, [2]),
