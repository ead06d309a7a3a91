-- SPEC.md 3, windows, W = 5, edge = shift: p = 4: p-2 ... p+2; p = 0 and p = 7 of 8 tokens move so that they hold 5; a prompt of 3
-- is taken whole. Two examples of one prompt and position (a tie) have one window. A window is never null.
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, quantile INTEGER, rank INTEGER, max_position INTEGER
(1, 0, 1, 1, 1, 4), (2, 0, 1, 1, 1, 4), (3, 0, 1, 1, 1, 0), (4, 0, 1, 1, 1, 7), (5, 1, 1, 4, 2, 2),
-- given staging.prompts: prompt_id BIGINT, num_tokens BIGINT, tokens VARCHAR[]
(0, 8, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']), (1, 3, ['x', 'y', 'z']),
-- expect: feature_id, prompt_id, sample_order, quantile, rank, first_position, tokens
(1, 0, 1, 1, 1, 2, ['c', 'd', 'e', 'f', 'g']), (2, 0, 1, 1, 1, 2, ['c', 'd', 'e', 'f', 'g']),
(3, 0, 1, 1, 1, 0, ['a', 'b', 'c', 'd', 'e']), (4, 0, 1, 1, 1, 3, ['d', 'e', 'f', 'g', 'h']),
(5, 1, 1, 4, 2, 0, ['x', 'y', 'z']),
