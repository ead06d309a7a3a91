-- version: 1
-- description: No input lost more than quarantine.max_share of its records. Duplicates and files in
--   which the explainer found no words don't count: both are common and nothing is wrong with them.
-- hint: mend the file, or accept it: --set quarantine.max_share=0.05
WITH bad AS (
    SELECT input, count(*) AS quarantined, min((file, line, reason)) AS first_bad
    FROM quarantine.records
    WHERE reason NOT LIKE 'duplicate %' AND reason <> 'no explanation in the file'
    GROUP BY input
),

totals AS (
    SELECT input, sum(records) AS records
    FROM staging.files
    GROUP BY input
)

SELECT
    format(
        '{} of {} {} records are bad, more than quarantine.max_share allows; the first: "{}", {} {}: {}',
        b.quarantined,
        t.records,
        b.input,
        b.first_bad[1],
        CASE WHEN b.input IN ('activations') THEN 'line' ELSE 'record' END,
        coalesce(b.first_bad[2], 1),
        b.first_bad[3]
    ) AS message
FROM bad b
JOIN totals t ON t.input = b.input
WHERE b.quarantined > $quarantine_max_share * t.records
ORDER BY b.input
