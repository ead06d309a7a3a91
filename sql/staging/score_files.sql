-- version: 1
-- description: One row per score file with records; of two files of one (source, method, feature)
--   the first by file name that has a good record counts.
-- key: file
SELECT
    file,
    source,
    method,
    feature_id,
    count(*) FILTER (status = 'kept') AS kept,
    count(*) FILTER (status = 'quarantined') AS quarantined,
    row_number() OVER (
        PARTITION BY source, method, feature_id
        ORDER BY count(*) FILTER (status = 'kept') = 0, file
    ) = 1 AS counts
FROM staging.score_records
WHERE status <> 'outside scope'
GROUP BY file, source, method, feature_id
