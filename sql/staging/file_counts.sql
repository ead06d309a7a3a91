-- version: 1
-- description: What became of the records of each file.
-- key: file
SELECT file, count(*) AS records, count(*) FILTER (status = 'outside scope') AS outside_scope
FROM staging.activation_records
GROUP BY file
UNION ALL
SELECT file, count(*) AS records, 0 AS outside_scope
FROM staging.prompt_records
GROUP BY file
UNION ALL
SELECT file, count(*) AS records, count(*) FILTER (status = 'outside scope') AS outside_scope
FROM staging.explanation_records
GROUP BY file
UNION ALL
SELECT file, count(*) AS records, count(*) FILTER (status = 'outside scope') AS outside_scope
FROM staging.score_records
GROUP BY file
UNION ALL
SELECT file, count(*) AS records, 0 AS outside_scope
FROM staging.run_configs
GROUP BY file
