-- SPEC-NEXT.md 2, characters of 2 or 3, words of 1 or 2. Feature 1, three examples: "jur", "jur", "juju": ju 4 times in 3 of 3 examples, share 1; "zz" is two tokens
-- away. Words the, jury in two examples: the, jury and "the jury" tie at 2: the larger n; share 2 * 1 / (3 * 2). Feature 2 has one example, where nothing occurs
-- twice: null.
-- set words.char_sizes = [2, 3]
-- set words.sizes = [1, 2]
-- set display.char_reach = 1
-- given analysis.samples: feature_id BIGINT
(1), (1), (1), (2),
-- given analysis.shortest_ngrams: kind VARCHAR, feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, ngram VARCHAR, position INTEGER, distance INTEGER, place INTEGER, inside INTEGER, token VARCHAR
('characters', 1, 10, 1, 'ju', 4, 0, 0, 4, 'jur'), ('characters', 1, 10, 1, 'ur', 4, 0, 1, 4, 'jur'), ('characters', 1, 11, 2, 'ju', 7, 1, 0, 7, 'jur'),
('characters', 1, 11, 2, 'ur', 7, 1, 1, 7, 'jur'), ('characters', 1, 12, 3, 'ju', 1, 0, 0, 1, 'juju'), ('characters', 1, 12, 3, 'uj', 1, 0, 1, 1, 'juju'),
('characters', 1, 12, 3, 'ju', 1, 0, 2, 1, 'juju'), ('characters', 1, 10, 1, 'ju', 6, 2, 0, 6, 'jur'), ('characters', 2, 20, 1, 'ab', 0, 0, 0, 0, 'ab'),
('words', 1, 10, 1, 'the', 3, -1, 1, 0, NULL), ('words', 1, 10, 1, 'jury', 4, 0, 2, 0, NULL), ('words', 1, 11, 2, 'the', 6, -1, 1, 0, NULL), ('words', 1, 11, 2, 'jury', 7, 0, 2, 0, NULL),
-- given staging.prompts: prompt_id BIGINT, tokens VARCHAR[]
(10, ['', '', '', 'the', 'jur', 'zz', 'jur']), (11, ['', '', '', '', '', '', 'the', 'jur']), (12, ['', 'juju']), (20, ['ab']),
-- given analysis.token_ngrams: token VARCHAR, ngram_size INTEGER, char_offset INTEGER, ngram VARCHAR
('jur', 3, 0, 'jur'), ('juju', 3, 0, 'juj'), ('juju', 3, 1, 'uju'),
-- given analysis.prompt_word_lists: prompt_id BIGINT, words VARCHAR[]
(10, ['the', 'jury']), (11, ['the', 'jury', 'sat']),
-- expect: feature_id, kind, ngram_size, ngram, occurrences, examples, share, places
(1, 'characters', 2, 'ju', 4, 3, 1, [{'prompt_id': 10, 'position': 4, 'char_offset': 0}, {'prompt_id': 11, 'position': 7, 'char_offset': 0},
    {'prompt_id': 12, 'position': 1, 'char_offset': 0}, {'prompt_id': 12, 'position': 1, 'char_offset': 2}]),
(1, 'words', 2, 'the jury', 2, 2, 1/3, [{'prompt_id': 10, 'position': 3, 'char_offset': NULL}, {'prompt_id': 11, 'position': 6, 'char_offset': NULL}]),
(2, 'characters', NULL, NULL, 0, 0, NULL, []), (2, 'words', NULL, NULL, 0, 0, NULL, []),
