-- version: 1
-- description: The files that tell the strings of a latents cache's tokens where no tokenizer does: score
--   files that hold judged windows, and the splits of their latents.
-- key: file
WITH judged AS (
    SELECT f.file, f.feature_id
    FROM staging.score_files f
    WHERE f.counts
        AND f.method IN ('fuzz', 'detection')
        AND f.source IN (SELECT regexp_extract(file, '([^/]+)/latents/', 1) FROM staging.latents)
        AND NOT EXISTS (SELECT file FROM raw.tokenizer)
)

SELECT file
FROM judged
UNION
SELECT l.file
FROM staging.latents l
SEMI JOIN judged j ON j.feature_id = l.feature_id
WHERE l.status = 'kept'
