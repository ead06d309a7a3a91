-- version: 1
-- description: Why records are in quarantine, with the first of each reason.
SELECT
    input,
    reason,
    count(*) AS records,
    arg_min(file, (file, line)) AS first_file,
    min((file, line))[2] AS first_line
FROM quarantine.records
GROUP BY input, reason
ORDER BY input, records DESC, reason
LIMIT 40
