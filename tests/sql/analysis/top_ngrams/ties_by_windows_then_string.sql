-- SPEC.md 3: ba, ab and cd tie at 2 occurrences; ab and cd are in 2 windows: the smaller string. A null cannot be: without an n-gram there is no row. Positions are those of tokens.
-- given analysis.repeated_ngrams: feature_id BIGINT, n INTEGER, ngram VARCHAR, occurrences BIGINT, windows BIGINT[]
(1, 2, 'aa', 2, [1]), (1, 2, 'cd', 2, [1, 2]), (1, 2, 'ab', 2, [1, 2]), (2, 2, 'xy', 1, [1]),
-- given analysis.ngram_windows: feature_id BIGINT, sample_order INTEGER, prompt_id BIGINT, first_position INTEGER, tokens VARCHAR[]
(1, 1, 10, 3, ['aaa', 'bcd']), (1, 2, 11, 0, ['cd', 'ab']), (2, 1, 10, 0, ['xy']),
-- expect: feature_id, n, ngram, count, occurrences
(1, 2, 'ab', 2, [{'prompt_id': 10, 'positions': [3]}, {'prompt_id': 11, 'positions': [1]}]),
