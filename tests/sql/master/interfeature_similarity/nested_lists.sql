-- SPEC.md 4.6: neighbours in order with the first example of each quantile; pairs by neighbour and the two samples' orders (they tie in similarity); n-grams by neighbour and n, null with count 0 where the sides share
-- none. Feature 2 is explained and has no neighbour: empty lists. Feature 7 is not explained.
-- set ngrams.sizes = [2, 3]
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, quantile INTEGER, sample_order INTEGER, rank INTEGER, max_activation FLOAT
(7, 20, 1, 1, 1, 2), (7, 21, 1, 2, 2, 1), (7, 22, 3, 3, 1, 8),
-- given analysis.selected_neighbours: feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT, cosine_similarity FLOAT
(1, 1, 7, 0.5),
-- given analysis.neighbour_pairs: model VARCHAR, feature_id BIGINT, neighbour_order INTEGER, neighbour_id BIGINT, sample_order INTEGER, prompt_id BIGINT, quantile INTEGER, neighbour_sample_order INTEGER, neighbour_prompt_id BIGINT, neighbour_quantile INTEGER, similarity FLOAT
('m', 1, 1, 7, 1, 10, 1, 3, 22, 3, 0.25), ('m', 1, 1, 7, 1, 10, 1, 1, 20, 1, 0.25), ('n', 1, 1, 7, 1, 10, 1, 1, 20, 1, 1),
-- given staging.default_model: model VARCHAR
('m'),
-- given analysis.neighbour_ngrams: feature_id BIGINT, neighbour_order INTEGER, n INTEGER, mean_jaccard FLOAT, ngram VARCHAR, count BIGINT, occurrences STRUCT(feature_id BIGINT, prompt_id BIGINT, positions INTEGER[])[]
(1, 1, 3, 0.125, NULL, 0, NULL), (1, 1, 2, 0.5, 'ab', 2, [(1, 10, [4]), (7, 20, [0])]),
-- given staging.features: feature_id BIGINT, num_explanations BIGINT
(2, 1), (1, 1), (7, 0),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- expect: feature_id, sae_id, selected_features, similarity_pairs, ngram_analysis
(1, 'sae/x', [{'feature_id': 7, 'decoder_similarity': 0.5, 'sample_info': [{'quantile': 1, 'prompt_id': 20, 'max_activation': 2}, {'quantile': 3, 'prompt_id': 22, 'max_activation': 8}]}],
    [{'main_feature_id': 1, 'main_prompt_id': 10, 'main_quantile': 1, 'selected_feature_id': 7, 'selected_prompt_id': 20, 'selected_quantile': 1, 'semantic_similarity': 0.25},
     {'main_feature_id': 1, 'main_prompt_id': 10, 'main_quantile': 1, 'selected_feature_id': 7, 'selected_prompt_id': 22, 'selected_quantile': 3, 'semantic_similarity': 0.25}],
    [{'ngram': 'ab', 'ngram_size': 2, 'jaccard_score': 0.5, 'count': 2, 'occurrences': [{'feature_id': 1, 'prompt_id': 10, 'positions': [4]}, {'feature_id': 7, 'prompt_id': 20, 'positions': [0]}]},
     {'ngram': NULL, 'ngram_size': 3, 'jaccard_score': 0.125, 'count': 0, 'occurrences': []}]),
(2, 'sae/x', [], [], []),
