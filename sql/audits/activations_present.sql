-- version: 2
-- description: There is an activation record to work on.
-- hint: check the files that input.activations names, and scope.features
SELECT 'no activation record was read: the files are empty, or all their features are out of scope' AS message
WHERE NOT EXISTS (SELECT 1 FROM staging.activation_records WHERE status <> 'outside scope')
    AND NOT EXISTS (SELECT 1 FROM staging.latents WHERE status <> 'outside scope')
