-- One row per token on which a feature fires; a silent example (null maximum, empty lists) has none. Two tokens
-- of one value (a tie) are two rows.
-- given staging.activation_examples: feature_id BIGINT, prompt_id BIGINT, positions BIGINT[], activations FLOAT[]
(1, 0, [2, 0], [1.5, 1.5]), (1, 1, [], []), (2, 1, [0], [3]),
-- given staging.prompts: prompt_id BIGINT, tokens VARCHAR[]
(0, ['a', 'b', 'c']), (1, ['d']),
-- expect: feature_id, prompt_id, token_position, token, activation_value
(1, 0, 2, 'c', 1.5), (1, 0, 0, 'a', 1.5), (2, 1, 0, 'd', 3),
