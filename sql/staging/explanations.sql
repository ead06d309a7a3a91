-- version: 3
-- description: The explanations of every source; of two files of one (source, feature) the first by
--   file name.
-- kind: view
-- hash: content
-- key: source, feature_id
SELECT source, feature_id, text
FROM staging.explanation_records
WHERE status = 'kept'
QUALIFY row_number() OVER (PARTITION BY source, feature_id ORDER BY file) = 1
UNION ALL
SELECT source, feature_id, text
FROM staging.export_explanations
WHERE status = 'kept'
UNION ALL
SELECT source, feature_id, explanation AS text
FROM staging.saebench
WHERE status = 'kept' AND explanation IS NOT NULL
