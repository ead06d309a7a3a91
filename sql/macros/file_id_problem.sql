-- version: 1
-- description: What is wrong with a feature id that `file_feature_id` gives; null for a sound one.
CREATE OR REPLACE MACRO file_id_problem(feature_id) AS
    CASE
        WHEN feature_id IS NULL OR feature_id > 4294967295
            THEN 'no feature id: the file name must end in _latent<ID>.txt'
    END
