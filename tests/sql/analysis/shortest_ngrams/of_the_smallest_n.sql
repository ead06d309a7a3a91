-- Characters: those of 2; words: those of 1 whose first token is at most 1 from the largest activation. "a" occurs at 2 and 4 (a tie): both are listed. Words have null for a token.
-- set words.reach = 1
-- given analysis.char_ngrams: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, rank INTEGER, ngram_size INTEGER, ngram VARCHAR, position INTEGER, char_offset INTEGER, distance INTEGER, token VARCHAR
(1, 0, 1, 1, 2, 'ab', 3, 0, 0, 'abc'), (1, 0, 1, 1, 3, 'abc', 3, 0, 0, 'abc'),
-- given analysis.prompt_word_lists: prompt_id BIGINT, words VARCHAR[], positions INTEGER[]
(0, ['x', 'a', 'b', 'a', 'y'], [0, 2, 3, 4, 5]), (1, [], []),
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, rank INTEGER, max_position INTEGER
(1, 0, 1, 1, 3), (1, 1, 2, 1, 0),
-- expect: kind, feature_id, prompt_id, sample_order, rank, ngram, position, distance, place, inside, token
('characters', 1, 0, 1, 1, 'ab', 3, 0, 0, 3, 'abc'), ('words', 1, 0, 1, 1, 'a', 2, -1, 2, 0, NULL), ('words', 1, 0, 1, 1, 'b', 3, 0, 3, 0, NULL), ('words', 1, 0, 1, 1, 'a', 4, 1, 4, 0, NULL),
