-- version: 1
-- description: Why a file's text is not the JSON array that it should be.
CREATE OR REPLACE MACRO json_file_problem(content) AS
    CASE
        WHEN trim_space(content) = '' THEN 'empty file'
        WHEN json_valid(content) THEN 'not an array'
        WHEN trim_space(content)[1] = '[' AND trim_space(content)[-1] <> ']' THEN 'truncated file'
        ELSE 'not JSON'
    END
