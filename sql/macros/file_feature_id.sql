-- version: 1
-- description: The feature id in the name of a score or explanation file; null where there is none.
CREATE OR REPLACE MACRO file_feature_id(file) AS
    TRY_CAST(regexp_extract(file, '_(latent|feature)([0-9]{1,10})\.txt$', 2) AS BIGINT)
