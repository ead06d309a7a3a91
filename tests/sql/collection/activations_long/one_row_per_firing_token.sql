-- Positions are 0-based: position 1 is the second token. A silent record has no rows. Two members may
-- tie in feature and prompt; a null SAE id stays null.
-- given master.activation_examples: member VARCHAR, sae_id VARCHAR, feature_id UINTEGER, prompt_id UINTEGER, prompt_tokens VARCHAR[], activation_pairs STRUCT(token_position UINTEGER, activation_value FLOAT)[]
('a', NULL, 1, 0, ['x', 'y'], [{'token_position': 1, 'activation_value': 2.5}, {'token_position': 0, 'activation_value': 2.5}]),
('b', 's', 1, 0, ['z'], [{'token_position': 0, 'activation_value': 1}]),
('b', 's', 2, 0, ['z'], [])
-- expect: member, sae_id, feature_id, prompt_id, token_position, token, activation_value
('a', NULL, 1, 0, 1, 'y', 2.5),
('a', NULL, 1, 0, 0, 'x', 2.5),
('b', 's', 1, 0, 0, 'z', 1)
