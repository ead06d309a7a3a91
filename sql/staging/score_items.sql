-- version: 1
-- description: The refused records of score files as they stand there, byte for byte.
-- files: staging.refused_scores
-- key: file, line
SELECT i.file, i.line, trim(i.text, ' ' || chr(9) || chr(10) || chr(13)) AS text
FROM raw.score_items i
SEMI JOIN staging.refused_scores r ON r.file = i.file AND r.line = i.line AND r.raw IS NULL
