-- version: 1
-- description: What sorts a file's name as people count: batch-2 before batch-10.
CREATE OR REPLACE MACRO natural_key(name) AS
    array_to_string(
        list_transform(
            regexp_extract_all(name, '[0-9]+|[^0-9]+'),
            lambda part: CASE
                WHEN regexp_full_match(part, '[0-9]+')
                    THEN lpad(part, greatest(20, len(part))::INTEGER, '0')
                ELSE part
            END
        ),
        ''
    )
