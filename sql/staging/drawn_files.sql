-- version: 1
-- description: The score files whose judged windows are compared with those that the explainer saw.
-- key: file
SELECT f.file
FROM staging.score_files f
SEMI JOIN staging.drawn_windows d ON d.feature_id = f.feature_id
WHERE f.counts
    AND f.method IN ('fuzz', 'detection')
    AND f.source IN (SELECT regexp_extract(file, '([^/]+)/latents/', 1) FROM staging.latents)
