-- version: 1
-- description: Why a text is not the JSON object that it should be; null where it is.
CREATE OR REPLACE MACRO json_object_problem(content) AS
    CASE
        WHEN NOT json_valid(content) THEN 'not JSON'
        WHEN TRY(json_type(content)) <> 'OBJECT' THEN 'not an object'
    END
