-- version: 3
-- description: No input lost more than quarantine.max_share of its records, nor of its files.
--   Duplicates and files in which the explainer found no words don't count: both are common, and
--   nothing is wrong with them. Records outside scope.features are no part of the whole.
WITH bad AS (
    SELECT input, count(*) AS quarantined, min((file, line, reason)) AS first_bad
    FROM quarantine.records
    WHERE reason NOT LIKE 'duplicate %' AND reason <> 'no explanation in the file'
    GROUP BY input
),

totals AS (
    SELECT
        -- The files of a user's figures are two inputs, by their form.
        CASE WHEN input IN ('figure_lines', 'figure_tables') THEN 'figures' ELSE input END AS of_input,
        sum(records - outside_scope) AS records
    FROM staging.files
    GROUP BY of_input
),

-- A broken score file is one record, a good one is a hundred of them: files are counted by themselves, and so
-- are the splits of a latents cache, of millions.
broken AS (
    SELECT 'scores' AS input, 'score files' AS what, count(*) AS files, count(*) FILTER (kept = 0) AS lost
    FROM staging.score_files
    UNION ALL
    SELECT
        'latents' AS input,
        'splits of the latents cache' AS what,
        count(*) AS files,
        count(*) FILTER (kept = 0) AS lost
    FROM (SELECT file, count(*) FILTER (status <> 'quarantined') AS kept FROM staging.latents GROUP BY file)
),

too_bad AS (
    SELECT
        b.quarantined / t.records AS share,
        format(
            '{} of {} {} records are bad, more than quarantine.max_share allows; the first: "{}", {} {}: {}',
            b.quarantined,
            t.records,
            b.input,
            b.first_bad[1],
            CASE WHEN b.input = 'activations' THEN 'line' ELSE 'record' END,
            b.first_bad[2],
            b.first_bad[3]
        ) AS message
    FROM bad b
    JOIN totals t ON t.of_input = b.input
    WHERE b.quarantined > $quarantine_max_share * t.records
    UNION ALL
    SELECT
        f.lost / f.files AS share,
        format(
            '{} of {} {} hold no good record, more than quarantine.max_share allows; the first: "{}", record {}: {}',
            f.lost,
            f.files,
            f.what,
            b.first_bad[1],
            b.first_bad[2],
            b.first_bad[3]
        ) AS message
    FROM broken f
    JOIN bad b ON b.input = f.input
    WHERE f.lost > $quarantine_max_share * f.files
)

-- The hint holds for all of them at once. Nothing works without a good record.
SELECT
    message,
    'mend the file' || CASE
        WHEN max(share) OVER () < 1
            THEN format(', or accept it: --set quarantine.max_share={:.2f}', ceil(100 * max(share) OVER ()) / 100)
        ELSE ''
    END AS hint
FROM too_bad
ORDER BY message
