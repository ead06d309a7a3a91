-- version: 1
-- description: Explained features by pattern type, and what came of matching their phrases.
SELECT
    pattern_type,
    CASE
        WHEN num_matches > 0 THEN 'some phrase matched'
        WHEN num_mismatches > 0 THEN 'no phrase matched'
        ELSE 'nothing tried'
    END AS outcome,
    count(*) AS features
FROM master.ex_act_pattern_matching
GROUP BY pattern_type, outcome
ORDER BY pattern_type, outcome
