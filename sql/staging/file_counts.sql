-- version: 4
-- description: What became of the records of each file.
-- key: file
-- column merged: of them that repeat a kept one with equal values
-- column dialect: the spellings its records were read in
SELECT
    file,
    count(*) AS records,
    count(*) FILTER (status = 'outside scope') AS outside_scope,
    count(*) FILTER (status = 'merged') AS merged,
    string_agg(DISTINCT dialect, ', ' ORDER BY dialect) AS dialect
FROM staging.activation_records
GROUP BY file
UNION ALL
-- A record of a latents cache is an entry; a split that cannot be read is one.
SELECT
    file,
    coalesce(sum(num_entries), 0)::BIGINT + count(*) FILTER (status = 'quarantined') AS records,
    coalesce(sum(num_entries) FILTER (status = 'outside scope'), 0)::BIGINT AS outside_scope,
    0 AS merged,
    'Delphi latents cache' AS dialect
FROM staging.latents
GROUP BY file
UNION ALL
SELECT file, 1 AS records, 0 AS outside_scope, 0 AS merged, 'Delphi firing counts' AS dialect
FROM staging.firing_counts
GROUP BY file
UNION ALL
SELECT
    file,
    count(DISTINCT line) AS records,
    count(DISTINCT line) FILTER (status = 'outside scope') AS outside_scope,
    0 AS merged,
    'own figures' AS dialect
FROM staging.figure_values
GROUP BY file
UNION ALL
SELECT file, 1 AS records, 0 AS outside_scope, 0 AS merged, 'SAELens sparsity' AS dialect
FROM staging.sparsity
GROUP BY file
UNION ALL
SELECT
    file,
    count(*) AS records,
    count(*) FILTER (status = 'outside scope') AS outside_scope,
    0 AS merged,
    'SAEBench' AS dialect
FROM staging.saebench
GROUP BY file
UNION ALL
SELECT file, count(*) AS records, 0 AS outside_scope, 0 AS merged, 'Neuronpedia' AS dialect
FROM staging.exports
GROUP BY file
UNION ALL
SELECT
    file,
    count(*) AS records,
    count(*) FILTER (status = 'outside scope') AS outside_scope,
    0 AS merged,
    'Neuronpedia' AS dialect
FROM staging.export_features
GROUP BY file
UNION ALL
SELECT
    file,
    count(*) AS records,
    count(*) FILTER (status = 'outside scope') AS outside_scope,
    0 AS merged,
    'Neuronpedia' AS dialect
FROM staging.export_explanations
GROUP BY file
UNION ALL
SELECT file, count(*) AS records, 0 AS outside_scope, 0 AS merged, 'array of token arrays' AS dialect
FROM staging.prompt_records
GROUP BY file
UNION ALL
SELECT
    file,
    count(*) AS records,
    count(*) FILTER (status = 'outside scope') AS outside_scope,
    0 AS merged,
    any_value(dialect) AS dialect
FROM staging.explanation_records
GROUP BY file
UNION ALL
SELECT
    file,
    count(*) AS records,
    count(*) FILTER (status = 'outside scope') AS outside_scope,
    0 AS merged,
    max(dialect) AS dialect
FROM staging.score_records
GROUP BY file
UNION ALL
SELECT file, count(*) AS records, 0 AS outside_scope, 0 AS merged, 'Delphi' AS dialect
FROM staging.run_configs
GROUP BY file
