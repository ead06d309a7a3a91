-- Feature 1: prompts of 4 + 1 + 3 tokens, 4 firings 4, 1, 2, 1: mean 2. Two bins to 4: below 2 are 1, 1; 2 is in the second. "a" (4, 2) and "b" (1, 1)
-- tie at two firings: the larger mean first; entropy of two halves is 1 bit. Feature 2 is silent: null and empty lists.
-- set statistics.bins = 2
-- given staging.activation_examples: feature_id BIGINT, prompt_id BIGINT, positions BIGINT[], activations FLOAT[], max_activation FLOAT
(1, 0, [0, 1, 2], [4, 1, 2], 4), (1, 1, [0], [1], 1), (1, 2, [], [], 0), (2, 2, [], [], 0),
-- given staging.prompts: prompt_id BIGINT, num_tokens BIGINT, tokens VARCHAR[]
(0, 4, ['a', 'b', 'a', 'c']), (1, 1, ['b']), (2, 3, ['a', 'a', 'a']),
-- expect: feature_id, num_tokens, firing_count, max_activation, mean_activation, histogram, top_tokens, top_token_share, token_entropy
(1, 8, 4, 4, 2, [{'low': 0, 'high': 2, 'count': 2}, {'low': 2, 'high': 4, 'count': 2}],
    [{'token': 'a', 'count': 2, 'mean': 3, 'max': 4}, {'token': 'b', 'count': 2, 'mean': 1, 'max': 1}], 0.5, 1),
(2, 3, 0, NULL, NULL, [], [], NULL, NULL),
