-- version: 1
-- description: The text of a JSON string; null for any other JSON value, and for an empty string.
CREATE OR REPLACE MACRO json_text(content) AS
    CASE
        WHEN TRY(json_type(content)) = 'VARCHAR'
            THEN nullif(trim_space(json_extract_string(content, '$')), '')
    END
