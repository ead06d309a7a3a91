-- SPEC.md 3, between features, n = 2. Feature 1 "abab" = ab, ba, ab; neighbour 2 "aba" = ab, ba: Jaccard 1; ab occurs 3 times,
-- ba twice. Its ab begin in the tokens at 3 and 4, the neighbour's in the token at 0. Neighbour 3 "xyz" shares none: null, 0.
-- Feature 5 "abcd" and neighbour 6 "cd", "ab": Jaccards 1/3, 1/3; ab and cd tie in occurrences and windows: the smaller string.
-- Feature 7 "abab", "cd", "cd" and neighbour 8 "abcd": ab and cd tie at 3 occurrences, cd is in 3 windows, ab in 2: cd.
-- Jaccards 1/4, 1/3, 1/3. Windows of a larger rank are not compared.
-- set ngrams.sizes = [2]
-- given analysis.selected_neighbours: feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT
(1, 1, 2), (1, 2, 3), (5, 1, 6), (7, 1, 8),
-- given analysis.ngram_windows: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, rank INTEGER, first_position INTEGER, tokens VARCHAR[]
(1, 10, 1, 1, 3, ['ab', 'ab']), (1, 11, 2, 2, 0, ['xyz']), (2, 20, 1, 1, 0, ['a', 'ba']), (3, 30, 1, 1, 0, ['xyz']),
(5, 50, 1, 1, 0, ['abcd']), (6, 60, 1, 1, 0, ['cd']), (6, 61, 2, 1, 1, ['ab']),
(7, 70, 1, 1, 0, ['abab']), (7, 71, 2, 1, 0, ['cd']), (7, 72, 3, 1, 5, ['cd']), (8, 80, 1, 1, 2, ['ab', 'cd']),
-- expect: feature_id, neighbour_order, n, mean_jaccard, ngram, count, occurrences
(1, 1, 2, 1, 'ab', 3, [{'feature_id': 1, 'prompt_id': 10, 'positions': [3, 4]}, {'feature_id': 2, 'prompt_id': 20, 'positions': [0]}]),
(1, 2, 2, 0, NULL, 0, NULL),
(5, 1, 2, 1/3, 'ab', 2, [{'feature_id': 5, 'prompt_id': 50, 'positions': [0]}, {'feature_id': 6, 'prompt_id': 61, 'positions': [1]}]),
(7, 1, 2, 11/36, 'cd', 3, [{'feature_id': 7, 'prompt_id': 71, 'positions': [0]}, {'feature_id': 7, 'prompt_id': 72, 'positions': [5]},
    {'feature_id': 8, 'prompt_id': 80, 'positions': [3]}]),
