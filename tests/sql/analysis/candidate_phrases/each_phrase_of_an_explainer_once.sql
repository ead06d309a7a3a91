-- SPEC.md 3, matching: a phrase is one (text, explainer) of the aligned groups, once, with its first chunk index.
-- A says "jury" in both groups: once, chunk 0. B says it too: a phrase of its own. The order is that of first
-- appearance, (group, phrase): a tie of groups is decided by the phrase. Nothing of it may be null.
-- given analysis.aligned_phrases: model VARCHAR, feature_id BIGINT, group_id INTEGER, phrase_order BIGINT, explainer VARCHAR, chunk_index INTEGER, text_key VARCHAR, text VARCHAR
('m', 1, 1, 1, 'A', 1, 'k1', 'court'), ('m', 1, 1, 3, 'A', 3, 'k0', 'jury'),
('m', 1, 0, 0, 'A', 0, 'k0', 'jury'), ('m', 1, 0, 5, 'B', 0, 'k0', 'jury'),
-- expect: model, feature_id, candidate_order, explainer, chunk_index, text_key, text
('m', 1, 0, 'A', 0, 'k0', 'jury'), ('m', 1, 1, 'B', 0, 'k0', 'jury'), ('m', 1, 2, 'A', 1, 'k1', 'court'),
