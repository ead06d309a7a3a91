-- (3, 0) + (0, 4) = (3, 4), of length 5; (1, 0) + (-1, 0) is of length 0; two equal vectors (a tie) add up. No vector is
-- null.
-- given analysis.context_vectors: model VARCHAR, feature_id BIGINT, method VARCHAR, vector FLOAT[]
('m', 1, 'lexical', [3, 0]), ('m', 1, 'lexical', [0, 4]),
('m', 1, 'semantic', [1, 0]), ('m', 1, 'semantic', [-1, 0]),
('m', 2, 'semantic', [2, 0]), ('m', 2, 'semantic', [2, 0]), ('n', 2, 'semantic', [0, 2]),
-- expect: model, feature_id, method, length
('m', 1, 'lexical', 5), ('m', 1, 'semantic', 0), ('m', 2, 'semantic', 4), ('n', 2, 'semantic', 2),
