-- SPEC.md 3: W = 4: p-2 ... p+1; edge = clip: at an edge the window is cut. Neither ties nor null.
-- set windows.ngram_tokens = 4
-- set windows.edge = "clip"
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, quantile INTEGER, rank INTEGER, max_position INTEGER
(1, 0, 1, 1, 1, 2), (2, 0, 1, 1, 1, 0), (3, 0, 1, 1, 1, 4),
-- given staging.prompts: prompt_id BIGINT, num_tokens BIGINT, tokens VARCHAR[]
(0, 5, ['a', 'b', 'c', 'd', 'e']),
-- expect: feature_id, prompt_id, sample_order, quantile, rank, first_position, tokens
(1, 0, 1, 1, 1, 0, ['a', 'b', 'c', 'd']), (2, 0, 1, 1, 1, 0, ['a', 'b']), (3, 0, 1, 1, 1, 2, ['c', 'd', 'e']),
