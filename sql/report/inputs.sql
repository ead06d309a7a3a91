-- version: 2
-- description: Per input what was read and what became of its records.
SELECT
    input,
    count(*) AS files,
    sum(bytes) AS bytes,
    sum(records) AS records,
    sum(records - quarantined - outside_scope - merged) AS kept,
    sum(quarantined) AS quarantined,
    sum(outside_scope) AS outside_scope,
    sum(merged) AS merged,
    string_agg(DISTINCT nullif(status, 'read'), ', ' ORDER BY nullif(status, 'read')) AS status
FROM staging.files
GROUP BY input
ORDER BY input
