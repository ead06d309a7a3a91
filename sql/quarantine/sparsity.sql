-- version: 1
-- description: Files of sparsities that could not be read.
-- kind: view
SELECT file, line, reason, NULL::VARCHAR AS raw
FROM staging.sparsity
WHERE reason IS NOT NULL
