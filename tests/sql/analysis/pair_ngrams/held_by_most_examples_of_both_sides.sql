-- SPEC-NEXT.md 3. Feature 1 has "jur", "jur", its neighbour 2 "jux": ju is held by 2 + 1, ur by 2: ju, 1/2. Words: the, jury and "the jury" tie at 2 holders: the larger n,
-- of which the neighbour has none: 0. With neighbour 3, which has nothing, ju, ur and jur tie at 2: jur. Feature 4 and 5 hold nothing twice: null, empty lists.
-- set words.char_sizes = [2, 3]
-- set words.sizes = [1, 2]
-- given analysis.selected_neighbours: feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT
(1, 1, 2), (1, 2, 3), (4, 1, 5),
-- given analysis.shortest_ngrams: kind VARCHAR, feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, rank INTEGER, ngram VARCHAR, position INTEGER, distance INTEGER, place INTEGER, inside INTEGER, token VARCHAR
('characters', 1, 10, 1, 1, 'ju', 4, 0, 0, 4, 'jur'), ('characters', 1, 10, 1, 1, 'ur', 4, 0, 1, 4, 'jur'), ('characters', 1, 11, 2, 1, 'ju', 7, 0, 0, 7, 'jur'),
('characters', 1, 11, 2, 1, 'ur', 7, 0, 1, 7, 'jur'), ('characters', 2, 20, 1, 1, 'ju', 0, 0, 0, 0, 'jux'), ('characters', 2, 20, 1, 1, 'ux', 0, 0, 1, 0, 'jux'),
('characters', 4, 10, 1, 1, 'ab', 0, 0, 0, 0, 'ab'), ('characters', 5, 20, 1, 1, 'cd', 0, 0, 0, 0, 'cd'), ('characters', 5, 21, 2, 1, 'ab', 1, 1, 0, 1, 'ab'),
('words', 1, 10, 1, 1, 'the', 3, -1, 1, 0, NULL), ('words', 1, 10, 1, 1, 'jury', 4, 0, 2, 0, NULL), ('words', 1, 11, 2, 1, 'the', 6, -1, 1, 0, NULL),
('words', 1, 11, 2, 1, 'jury', 7, 0, 2, 0, NULL), ('words', 2, 20, 1, 1, 'a', 0, 0, 1, 0, NULL),
-- given analysis.token_ngrams: token VARCHAR, ngram_size INTEGER, char_offset INTEGER, ngram VARCHAR
('jur', 3, 0, 'jur'), ('jux', 3, 0, 'jux'),
-- given analysis.prompt_word_lists: prompt_id BIGINT, words VARCHAR[]
(10, ['the', 'jury']), (11, ['the', 'jury']), (20, ['a']),
-- expect: feature_id, neighbour_order, neighbour_id, kind, ngram_size, ngram, holders, neighbour_holders, ratio, places, neighbour_places
(1, 1, 2, 'characters', 2, 'ju', 2, 1, 0.5, [{'sample_order': 1, 'rank': 1, 'prompt_id': 10, 'position': 4, 'char_offset': 0}, {'sample_order': 2, 'rank': 1, 'prompt_id': 11, 'position': 7, 'char_offset': 0}],
    [{'sample_order': 1, 'rank': 1, 'prompt_id': 20, 'position': 0, 'char_offset': 0}]),
(1, 1, 2, 'words', 2, 'the jury', 2, 0, 0, [{'sample_order': 1, 'rank': 1, 'prompt_id': 10, 'position': 3, 'char_offset': NULL}, {'sample_order': 2, 'rank': 1, 'prompt_id': 11, 'position': 6, 'char_offset': NULL}], []),
(1, 2, 3, 'characters', 3, 'jur', 2, 0, 0, [{'sample_order': 1, 'rank': 1, 'prompt_id': 10, 'position': 4, 'char_offset': 0}, {'sample_order': 2, 'rank': 1, 'prompt_id': 11, 'position': 7, 'char_offset': 0}], []),
(1, 2, 3, 'words', 2, 'the jury', 2, 0, 0, [{'sample_order': 1, 'rank': 1, 'prompt_id': 10, 'position': 3, 'char_offset': NULL}, {'sample_order': 2, 'rank': 1, 'prompt_id': 11, 'position': 6, 'char_offset': NULL}], []),
(4, 1, 5, 'characters', NULL, NULL, 0, 0, NULL, [], []), (4, 1, 5, 'words', NULL, NULL, 0, 0, NULL, [], []),
