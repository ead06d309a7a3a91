-- n = 2. Feature 1: window 1 "abab" = ab, ba, ab; window 2 "aba" = ab, ba: ab 3 times (twice in window 1), ba twice; they tie in windows. Feature
-- 2: nothing twice, and an empty window: no row, no null.
-- set ngrams.sizes = [2]
-- given analysis.ngram_windows: feature_id BIGINT, sample_order INTEGER, tokens VARCHAR[]
(1, 1, ['ab', 'ab']), (1, 2, ['aba']), (2, 1, ['abc']), (2, 2, ['']),
-- expect: feature_id, n, ngram, occurrences, windows, again
(1, 2, 'ab', 3, [1, 2], [1]), (1, 2, 'ba', 2, [1, 2], []),
