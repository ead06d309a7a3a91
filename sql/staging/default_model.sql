-- version: 1
-- description: The default embedding model, one row: its figures are those of the master files. Join it
--   to a relation that holds a row per embedding model, and only the rows of the default one are left.
-- kind: view
-- key: model
-- column model: as named in the settings
SELECT model
FROM staging.embedding_models
WHERE is_default
