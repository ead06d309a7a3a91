-- SPEC.md 4.5: lists in the order of the setting n = 3, 2. Feature 1 has all of it; its two Jaccards tie. Feature 2 is silent: nulls of figures, empty lists, and a null per n. Feature 3 has no record.
-- set ngrams.sizes = [3, 2]
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER
(1, 3, 2), (1, 9, 1),
-- given analysis.activation_similarity: model VARCHAR, feature_id BIGINT, mean_similarity FLOAT, std_similarity FLOAT, min_similarity FLOAT, max_similarity FLOAT
('m', 1, 0.5, NULL, 0.5, 0.5), ('n', 1, 1, NULL, 1, 1),
-- given staging.default_model: model VARCHAR
('m'),
-- given analysis.ngram_jaccard: feature_id BIGINT, n INTEGER, mean_jaccard FLOAT
(1, 2, 0.25), (1, 3, 0.25),
-- given analysis.top_ngrams: feature_id BIGINT, n INTEGER, ngram VARCHAR, count BIGINT, occurrences STRUCT(prompt_id BIGINT, positions INTEGER[])[]
(1, 2, 'ab', 2, [(9, [4, 4])]),
-- given staging.features: feature_id BIGINT, num_examples BIGINT, num_active BIGINT
(1, 3, 2), (2, 1, 0), (3, 0, 0),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- given analysis.activation_quantiles: feature_id BIGINT, boundaries DOUBLE[]
(1, []),
-- expect: feature_id, sae_id, num_examples_sampled, mean_pairwise_similarity, std_pairwise_similarity, min_pairwise_similarity, max_pairwise_similarity, num_total_activations, prompt_ids, quantile_boundaries, ngram_jaccard_similarity, top_common_ngrams
(1, 'sae/x', 2, 0.5, NULL, 0.5, 0.5, 2, [9, 3], [], [0.25, 0.25], [{'ngram': 'ab', 'ngram_size': 2, 'count': 2, 'occurrences': [{'prompt_id': 9, 'positions': [4, 4]}]}]),
(2, 'sae/x', 0, NULL, NULL, NULL, NULL, 0, [], [], [NULL, NULL], []),
