-- version: 1
-- description: Everything in quarantine.
-- kind: view
SELECT 'activations' AS input, file, line, reason, raw FROM quarantine.activations
UNION ALL
SELECT 'prompts' AS input, file, line, reason, raw FROM quarantine.prompts
UNION ALL
SELECT 'explanations' AS input, file, line, reason, raw FROM quarantine.explanations
UNION ALL
SELECT 'scores' AS input, file, line, reason, raw FROM quarantine.scores
UNION ALL
SELECT 'run_configs' AS input, file, line, reason, raw FROM quarantine.run_configs
