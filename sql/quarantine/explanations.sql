-- version: 1
-- description: Explanation files without an explanation, and second files of a (source, feature).
-- kind: view
SELECT file, 1 AS line, reason, raw
FROM staging.explanation_records
WHERE status = 'quarantined'
UNION ALL
SELECT file, 1 AS line, 'duplicate (source, feature)' AS reason, text AS raw
FROM staging.explanation_records
WHERE status = 'kept'
QUALIFY row_number() OVER (PARTITION BY source, feature_id ORDER BY file) > 1
