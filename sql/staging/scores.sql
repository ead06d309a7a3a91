-- version: 3
-- description: The scored examples: one row per example (per group of a simulation) that counts.
-- kind: view
-- hash: content
-- key: source, method, feature_id, line
SELECT
    r.source,
    r.method,
    r.feature_id,
    r.line,
    r.outcome,
    r.distance,
    r.activating,
    r.prediction,
    r.probability,
    r.value,
    r.other_value,
    r.details
FROM staging.score_records r
JOIN staging.score_files f ON f.file = r.file
WHERE r.status = 'kept' AND f.counts
UNION ALL
SELECT
    source,
    'autointerp' AS method,
    feature_id,
    1 AS line,
    CASE WHEN score IS NULL THEN 'failed' ELSE 'scored' END AS outcome,
    NULL AS distance,
    NULL AS activating,
    NULL AS prediction,
    NULL AS probability,
    score AS value,
    NULL AS other_value,
    NULL AS details
FROM staging.saebench
WHERE status = 'kept'
