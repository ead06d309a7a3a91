-- Two contexts of one text (a tie of keys) each get its vector; vectors of another model are not theirs. A context
-- whose text has no vector has no row: there is no null vector.
-- given texts.ngram_contexts: model VARCHAR, feature_id BIGINT, context_order INTEGER, text_key VARCHAR
('m', 1, 1, 'k1'), ('m', 1, 2, 'k1'), ('m', 2, 1, 'none'),
-- given vectors.ngram_contexts: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'k1', [1, 2]), ('n', 'k1', [9, 9]),
-- given texts.semantic_contexts: model VARCHAR, feature_id BIGINT, context_order INTEGER, text_key VARCHAR
('n', 1, 1, 'k1'),
-- given vectors.semantic_contexts: model VARCHAR, text_key VARCHAR, vector FLOAT[]
('m', 'k1', [5, 6]), ('n', 'k1', [7, 8]),
-- expect: model, feature_id, method, context_order, vector
('m', 1, 'lexical', 1, [1, 2]), ('m', 1, 'lexical', 2, [1, 2]), ('n', 1, 'semantic', 1, [7, 8]),
