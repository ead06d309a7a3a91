-- version: 1
-- description: A text without the white space at its ends, Unicode's too.
CREATE OR REPLACE MACRO trim_space(content) AS
    regexp_replace(content, '^[\s\v\p{Z}]+|[\s\v\p{Z}]+$', '', 'g')
