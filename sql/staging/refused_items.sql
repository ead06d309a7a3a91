-- version: 1
-- description: The refused records of score files that are one item of a file and not all of it.
-- kind: view
-- hash: content
-- key: file, line
SELECT file, line
FROM staging.refused_scores
WHERE raw IS NULL
