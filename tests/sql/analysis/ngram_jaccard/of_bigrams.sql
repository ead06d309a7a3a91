-- SPEC.md 3, n = 2. Feature 1 "abab" {ab, ba}, "aba" {ab, ba}, "xy" {xy}: Jaccards 1, 0, 0: the mean is 1/3; ab is in window 1
-- twice. Feature 2 "a", "" (both empty: 1) and "ab" (one empty: 0, 0): 1/3 too, a tie. Feature 3 has one window: null.
-- Feature 4 "ab", "abc": 1 / 2.
-- set ngrams.sizes = [2]
-- given analysis.repeated_ngrams: feature_id BIGINT, n INTEGER, windows BIGINT[], again BIGINT[]
(1, 2, [1, 2], [1]), (1, 2, [1, 2], []), (4, 2, [1, 2], []),
-- given analysis.ngram_windows: feature_id BIGINT, sample_order BIGINT, tokens VARCHAR[]
(1, 1, ['ab', 'ab']), (1, 2, ['aba']), (1, 3, ['x', 'y']), (2, 1, ['a']), (2, 2, ['']), (2, 3, ['a', 'b']), (3, 1, ['abc']),
(4, 1, ['ab']), (4, 2, ['abc']),
-- expect: feature_id, n, mean_jaccard
(1, 2, 1/3), (2, 2, 1/3), (3, 2, NULL), (4, 2, 0.5),
