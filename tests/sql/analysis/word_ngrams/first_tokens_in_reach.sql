-- SPEC-NEXT.md 1: words a@0 b@2 b@3 d@4, p = 3, reach 1: b, b (a tie), d; of pairs "b b" and "b d". At the prompt's end no pair is null.
-- set words.sizes = [1, 2]
-- set words.reach = 1
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, rank INTEGER, max_position INTEGER
(1, 0, 1, 1, 3),
-- given analysis.prompt_words: prompt_id BIGINT, word_order INTEGER, word VARCHAR, position INTEGER
(0, 1, 'a', 0), (0, 2, 'b', 2), (0, 3, 'b', 3), (0, 4, 'd', 4),
-- given analysis.prompt_word_lists: prompt_id BIGINT, words VARCHAR[], positions INTEGER[]
(0, ['a', 'b', 'b', 'd'], [0, 2, 3, 4]),
-- expect: feature_id, prompt_id, sample_order, rank, ngram_size, ngram, position, distance, word_order
(1, 0, 1, 1, 1, 'b', 2, -1, 2), (1, 0, 1, 1, 1, 'b', 3, 0, 3), (1, 0, 1, 1, 1, 'd', 4, 1, 4), (1, 0, 1, 1, 2, 'b b', 2, -1, 2), (1, 0, 1, 1, 2, 'b d', 3, 0, 3),
