-- version: 1
-- description: A text without the white space at its ends, Unicode's too.
CREATE OR REPLACE MACRO trim_space(content) AS
    regexp_replace(content, '^[\s\v\x{1c}-\x{1f}\x{85}\p{Z}]+|[\s\v\x{1c}-\x{1f}\x{85}\p{Z}]+$', '', 'g')
