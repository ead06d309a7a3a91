-- version: 1
-- description: Whether item i (1-based) of a JSON array has a field, be it null.
CREATE OR REPLACE MACRO has_field(content, i, field) AS
    json_exists(content, '$[' || (i - 1) || '].' || field)
