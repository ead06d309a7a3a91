-- version: 2
-- description: The run_configs give each short name one full model name.
-- severity: warning
SELECT 'run_configs call "'
    || short
    || '" '
    || array_to_string(known_names, ' and ')
    || '; "'
    || full_name
    || '" is used (set it under [models])' AS message
FROM staging.model_names
WHERE len(known_names) > 1 AND NOT from_settings
