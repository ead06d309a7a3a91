-- version: 1
-- description: The feature id that a text spells, in digits and nothing else; null for another text.
CREATE OR REPLACE MACRO feature_id_in(spelt) AS
    CASE WHEN regexp_full_match(spelt, '[0-9]{1,10}') THEN TRY_CAST(spelt AS BIGINT) END
