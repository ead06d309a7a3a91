-- version: 1
-- description: Whether item i (1-based) of a JSON array is no object.
CREATE OR REPLACE MACRO is_not_object(content, i) AS
    coalesce(json_type(content, '$[' || (i - 1) || ']'), 'NULL') <> 'OBJECT'
