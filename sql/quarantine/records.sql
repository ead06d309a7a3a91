-- version: 3
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
UNION ALL
SELECT 'latents' AS input, file, line, reason, raw FROM quarantine.latents
UNION ALL
SELECT 'firing_counts' AS input, file, line, reason, raw FROM quarantine.firing_counts
UNION ALL
SELECT 'exports' AS input, file, line, reason, raw FROM quarantine.exports
UNION ALL
SELECT 'export_features' AS input, file, line, reason, raw FROM quarantine.export_features
UNION ALL
SELECT 'export_explanations' AS input, file, line, reason, raw FROM quarantine.export_explanations
UNION ALL
SELECT 'saebench' AS input, file, line, reason, raw FROM quarantine.saebench
UNION ALL
SELECT 'sparsity' AS input, file, line, reason, raw FROM quarantine.sparsity
UNION ALL
SELECT 'figures' AS input, file, line, reason, raw FROM quarantine.figures
