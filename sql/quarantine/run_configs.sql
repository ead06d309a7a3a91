-- version: 1
-- description: run_config.json files that could not be read. Their text is not kept: it may hold a
--   token.
-- kind: view
SELECT file, 1 AS line, reason, NULL::VARCHAR AS raw
FROM staging.run_configs
WHERE reason IS NOT NULL
