-- SPEC.md 4.3: pairs in the record's order (two values tie); a silent example has null for its maximum and no pair. Rows by feature, then prompt.
-- given staging.activation_examples: feature_id BIGINT, prompt_id BIGINT, num_activations BIGINT, max_activation FLOAT, positions BIGINT[], activations FLOAT[]
(2, 0, 1, 3, [0], [3]), (1, 1, 0, NULL, [], []), (1, 0, 2, 1.5, [2, 0], [1.5, 1.5]),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- given staging.prompts: prompt_id BIGINT, tokens VARCHAR[]
(0, ['a', 'b', 'c']), (1, []),
-- expect: feature_id, sae_id, prompt_id, prompt_tokens, num_activations, max_activation, activation_pairs
(1, 'sae/x', 0, ['a', 'b', 'c'], 2, 1.5, [{'token_position': 2, 'activation_value': 1.5}, {'token_position': 0, 'activation_value': 1.5}]),
(1, 'sae/x', 1, [], 0, NULL, []),
(2, 'sae/x', 0, ['a', 'b', 'c'], 1, 3, [{'token_position': 0, 'activation_value': 3}]),
