-- version: 2
-- description: What became of the records of each file.
-- key: file
-- column dialect: the spellings its records were read in
SELECT
    file,
    count(*) AS records,
    count(*) FILTER (status = 'outside scope') AS outside_scope,
    string_agg(DISTINCT dialect, ', ' ORDER BY dialect) AS dialect
FROM staging.activation_records
GROUP BY file
UNION ALL
SELECT file, count(*) AS records, 0 AS outside_scope, 'array of token arrays' AS dialect
FROM staging.prompt_records
GROUP BY file
UNION ALL
SELECT
    file,
    count(*) AS records,
    count(*) FILTER (status = 'outside scope') AS outside_scope,
    any_value(dialect) AS dialect
FROM staging.explanation_records
GROUP BY file
UNION ALL
SELECT
    file,
    count(*) AS records,
    count(*) FILTER (status = 'outside scope') AS outside_scope,
    max(dialect) AS dialect
FROM staging.score_records
GROUP BY file
UNION ALL
SELECT file, count(*) AS records, 0 AS outside_scope, 'Delphi' AS dialect
FROM staging.run_configs
GROUP BY file
