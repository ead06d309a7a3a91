-- version: 2
-- description: Scored examples that were not taken, and those of second files of a
--   (source, method, feature). `line` is the place in the file's array.
-- kind: view
SELECT r.file, r.line, r.reason, coalesce(r.raw, i.text) AS raw
FROM staging.refused_scores r
LEFT JOIN staging.score_items i ON i.file = r.file AND i.line = r.line
