-- SPEC-NEXT.md 3, semantic above 0.25, characters above 0.5, words above 0.75. Neighbour 7 (0.5; ratio 1) is in both lists; neighbour 8 ties with all three thresholds: in none. Neighbour 9 (-0.5; words 1) is lexical alone, its
-- similarity clamped to 0, its character n-gram null. Positions only of rank 1 (pairs.shown). Feature 2 has no neighbour: empty lists.
-- set pairs.semantic_threshold = 0.25
-- set pairs.char_threshold = 0.5
-- set pairs.word_threshold = 0.75
-- set pairs.shown = 1
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, rank INTEGER
(1, 10, 1, 1), (1, 11, 2, 2), (7, 20, 1, 1), (8, 20, 1, 1), (9, 20, 1, 1),
-- given analysis.selected_neighbours: feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT, cosine_similarity FLOAT
(1, 1, 7, 0.75), (1, 2, 8, 0.5), (1, 3, 9, 0.25),
-- given analysis.pair_similarity: model VARCHAR, feature_id BIGINT, neighbour_order INTEGER, similarity DOUBLE
('m', 1, 1, 0.5), ('m', 1, 2, 0.25), ('m', 1, 3, -0.5), ('n', 1, 2, 1),
-- given staging.default_model: model VARCHAR
('m'),
-- given analysis.pair_ngrams: feature_id BIGINT, neighbour_order INTEGER, kind VARCHAR, ngram_size INTEGER, ngram VARCHAR, ratio DOUBLE, places STRUCT(sample_order INTEGER, rank INTEGER, prompt_id BIGINT, position INTEGER, char_offset INTEGER)[], neighbour_places STRUCT(sample_order INTEGER, rank INTEGER, prompt_id BIGINT, position INTEGER, char_offset INTEGER)[]
(1, 1, 'characters', 2, 'ju', 1, [(2, 2, 11, 7, 0), (1, 1, 10, 4, 2), (1, 1, 10, 4, 0)], [(1, 1, 20, 0, 0)]), (1, 1, 'words', NULL, NULL, NULL, [], []),
(1, 2, 'characters', 2, 'ju', 0.5, [], []), (1, 2, 'words', 1, 'the', 0.75, [], []),
(1, 3, 'characters', NULL, NULL, NULL, [], []), (1, 3, 'words', 1, 'the', 1, [(1, 1, 10, 3, NULL)], [(1, 1, 20, 5, NULL)]),
-- given staging.features: feature_id BIGINT, num_explanations BIGINT
(2, 1), (1, 1), (7, 0),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- expect: feature_id, sae_id, semantic_pairs, lexical_pairs
(1, 'sae/x',
    [{'similar_feature_id': 7, 'decoder_similarity': 0.75, 'pattern_type': 'Semantic', 'semantic_similarity': 0.5, 'char_jaccard': 1, 'word_jaccard': NULL, 'main_prompt_ids': [10, 11], 'similar_prompt_ids': [20], 'num_comparisons': 2,
      'max_char_ngram': 'ju', 'max_char_ngram_size': 2, 'max_word_ngram': NULL, 'max_word_ngram_size': NULL,
      'main_char_ngram_positions': [{'prompt_id': 10, 'positions': [{'token_position': 4, 'char_offset': 0}, {'token_position': 4, 'char_offset': 2}]}],
      'similar_char_ngram_positions': [{'prompt_id': 20, 'positions': [{'token_position': 0, 'char_offset': 0}]}], 'main_word_ngram_positions': [], 'similar_word_ngram_positions': []}],
    [{'similar_feature_id': 7, 'decoder_similarity': 0.75, 'pattern_type': 'Lexical', 'semantic_similarity': 0.5, 'char_jaccard': 1, 'word_jaccard': NULL, 'main_prompt_ids': [10, 11], 'similar_prompt_ids': [20], 'num_comparisons': 2,
      'max_char_ngram': 'ju', 'max_char_ngram_size': 2, 'max_word_ngram': NULL, 'max_word_ngram_size': NULL,
      'main_char_ngram_positions': [{'prompt_id': 10, 'positions': [{'token_position': 4, 'char_offset': 0}, {'token_position': 4, 'char_offset': 2}]}],
      'similar_char_ngram_positions': [{'prompt_id': 20, 'positions': [{'token_position': 0, 'char_offset': 0}]}], 'main_word_ngram_positions': [], 'similar_word_ngram_positions': []},
     {'similar_feature_id': 9, 'decoder_similarity': 0.25, 'pattern_type': 'Lexical', 'semantic_similarity': 0, 'char_jaccard': NULL, 'word_jaccard': 1, 'main_prompt_ids': [10, 11], 'similar_prompt_ids': [20], 'num_comparisons': 2,
      'max_char_ngram': NULL, 'max_char_ngram_size': NULL, 'max_word_ngram': 'the', 'max_word_ngram_size': 1, 'main_char_ngram_positions': [], 'similar_char_ngram_positions': [],
      'main_word_ngram_positions': [{'prompt_id': 10, 'positions': [3]}], 'similar_word_ngram_positions': [{'prompt_id': 20, 'positions': [5]}]}]),
(2, 'sae/x', [], []),
