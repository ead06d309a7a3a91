-- version: 1
-- description: The [position, value] pairs of a JSON text: [] where it is null, null where it holds
--   anything but numbers.
CREATE OR REPLACE MACRO number_pairs(numbers) AS
    CASE
        WHEN numbers IS NULL THEN []::DOUBLE[][]
        WHEN regexp_full_match(numbers::VARCHAR, '[-+0-9eE.,\[\]\s]*') THEN TRY(from_json(numbers, '[["DOUBLE"]]'))
    END
