-- The lists of words flattened; a word that occurs twice (a tie) has two rows; there is no null.
-- given analysis.prompt_word_lists: prompt_id BIGINT, words VARCHAR[], positions INTEGER[]
(0, ['the', 'jury', 'the'], [0, 1, 4]),
-- expect: prompt_id, word_order, word, position
(0, 1, 'the', 0), (0, 2, 'jury', 1), (0, 3, 'the', 4),
