-- version: 2
-- description: The refused records of score files as they are there, byte for byte.
-- files: staging.refused_items
-- key: file, line
SELECT i.file, i.line, trim(i.text, ' ' || chr(9) || chr(10) || chr(13)) AS text
FROM raw.score_items i
SEMI JOIN staging.refused_items r ON r.file = i.file AND r.line = i.line
