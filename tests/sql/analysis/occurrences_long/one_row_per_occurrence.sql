-- A token that holds the n-gram twice stands twice (a tie of rows). There is no null: a top n-gram occurs.
-- given analysis.top_ngrams: feature_id BIGINT, n INTEGER, ngram VARCHAR, occurrences STRUCT(prompt_id BIGINT, positions INTEGER[])[]
(1, 2, 'ab', [(10, [3, 3, 4]), (11, [0])]),
-- expect: feature_id, ngram_size, ngram, prompt_id, token_position
(1, 2, 'ab', 10, 3), (1, 2, 'ab', 10, 3), (1, 2, 'ab', 10, 4), (1, 2, 'ab', 11, 0),
