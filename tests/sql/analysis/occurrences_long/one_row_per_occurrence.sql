-- A token that holds the n-gram twice has two rows (a tie), which `occurrence` tells apart. There is no null: a top n-gram occurs.
-- given analysis.top_ngrams: feature_id BIGINT, n INTEGER, ngram VARCHAR, occurrences STRUCT(prompt_id BIGINT, positions INTEGER[])[]
(1, 2, 'ab', [(10, [3, 3, 4]), (11, [0])]),
-- expect: feature_id, ngram_size, ngram, prompt_id, token_position, occurrence
(1, 2, 'ab', 10, 3, 1), (1, 2, 'ab', 10, 3, 2), (1, 2, 'ab', 10, 4, 3), (1, 2, 'ab', 11, 0, 1),
