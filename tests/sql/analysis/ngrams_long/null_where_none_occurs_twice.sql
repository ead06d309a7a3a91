-- Every n of a feature; where none occurs twice the n-gram is null, its count and windows 0; with one window the Jaccard is
-- null too. Features 1 and 2 tie in their Jaccard. Selected is the n with the largest Jaccard: of feature 4's n = 2 and 3, which tie,
-- the smaller; of feature 3 none.
-- given analysis.ngram_jaccard: feature_id BIGINT, n INTEGER, mean_jaccard FLOAT
(1, 2, 0.5), (1, 3, 0), (2, 2, 0.5), (3, 2, NULL), (4, 3, 0.5), (4, 2, 0.5), (4, 4, NULL),
-- given analysis.top_ngrams: feature_id BIGINT, n INTEGER, ngram VARCHAR, count BIGINT, occurrences STRUCT(prompt_id BIGINT, positions INTEGER[])[]
(1, 2, 'ab', 3, [(10, [3, 4]), (11, [0])]), (2, 2, 'cd', 2, [(10, [1, 1])]),
-- expect: feature_id, ngram_size, mean_jaccard, ngram, count, num_windows, is_selected
(1, 2, 0.5, 'ab', 3, 2, true), (1, 3, 0, NULL, 0, 0, false), (2, 2, 0.5, 'cd', 2, 1, true), (3, 2, NULL, NULL, 0, 0, false),
(4, 2, 0.5, NULL, 0, 0, true), (4, 3, 0.5, NULL, 0, 0, false), (4, 4, NULL, NULL, 0, 0, false),
