-- Feature 1 has everything. Scores: fuzz 0.5 and 1: mean 0.75, best 1; detection 0.25; embedding none, so mean_score = (0.75
-- + 0.25) / 2 = 0.5; simulation is left out of it. Feature 2 ties with it: both rank 1, feature 3 (0.25) rank 3. Explanations
-- 0.5 and 0.25 alike of the default model: 0.375. Mean distances to the anchors (1 + 3) / 2, 2, (4 + 4) / 2: the first two tie,
-- the first of them is the cause. merge_similarity 1 - 0.25. Corpus statistics go before those of the sample.
-- Feature 3 has statistics of its sample alone. Feature 4 has nothing: null and no rank.
-- given staging.features: feature_id BIGINT, num_examples BIGINT, num_active BIGINT, num_explanations BIGINT
(1, 5, 4, 2), (2, 1, 1, 0), (3, 1, 1, 0), (4, 1, 0, 0),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- given staging.default_model: model VARCHAR
('m'),
-- given analysis.scores: feature_id BIGINT, method VARCHAR, score DOUBLE
(1, 'fuzz', 0.5), (1, 'fuzz', 1), (1, 'detection', 0.25), (1, 'embedding', NULL), (1, 'simulation', -0.5), (1, 'intruder', 0.9),
(2, 'embedding', 0.5), (3, 'fuzz', 0.25),
-- given analysis.explanations: feature_id BIGINT, explainer_order INTEGER, explainer VARCHAR, text VARCHAR
(1, 1, 'B', 'second'), (1, 0, 'A', 'first'),
-- given analysis.explanation_similarity: model VARCHAR, feature_id BIGINT, similarity FLOAT
('m', 1, 0.5), ('m', 1, 0.25), ('n', 1, 1),
-- given analysis.failure_positions: feature_id BIGINT, explainer_order INTEGER, distances DOUBLE[]
(1, 0, [1, 2, 4]), (1, 1, [3, 2, 4]),
-- given analysis.failure_anchors: anchor VARCHAR, anchor_order INTEGER
('missed_ngram', 1), ('missed_ngram', 1), ('missed_context', 2), ('noisy_activation', 3),
-- given master.activation_example_similarity: feature_id BIGINT, mean_pairwise_similarity FLOAT, ngram_jaccard_similarity FLOAT[]
(1, 0.5, [0.25, NULL, 0.125]), (4, NULL, [NULL, NULL, NULL]),
-- given master.ex_act_pattern_matching: feature_id BIGINT, pattern_type VARCHAR, selected_ngram STRUCT(ngram VARCHAR), num_aligned_phrases INTEGER, num_matches INTEGER, num_mismatches INTEGER, match_rate FLOAT
(1, 'both', {'ngram': 'ab'}, 4, 3, 1, 0.75),
-- given analysis.display_patterns: feature_id BIGINT, word_ngram VARCHAR, word_share DOUBLE, char_ngram VARCHAR, char_share DOUBLE
(1, 'the jury', 0.5, 'jury', 1), (2, NULL, NULL, NULL, NULL),
-- given analysis.merge_distances: feature_id BIGINT, first_merge_distance FLOAT
(1, 0.25),
-- given analysis.failure_clusters: feature_id BIGINT, cluster_id INTEGER
(1, -1),
-- given analysis.feature_statistics: feature_id BIGINT, basis VARCHAR, firing_count BIGINT, density DOUBLE, is_dead BOOLEAN, is_dense BOOLEAN, max_activation DOUBLE, mean_activation DOUBLE, top_tokens STRUCT(token VARCHAR)[], top_token_share DOUBLE, token_entropy DOUBLE
(1, 'corpus', 9, 0.5, false, true, 8, 4, [{'token': 'c'}], 0.5, 1), (1, 'sample', 2, NULL, NULL, NULL, 3, 2, [{'token': 's'}], 1, 0),
(3, 'sample', 2, NULL, NULL, NULL, 3, 2, [{'token': 's'}], 1, 0),
-- given analysis.own_figures: feature_id BIGINT, "mine.depth" DOUBLE
(1, 7),
-- given analysis.own_tags: feature_id BIGINT, "notes.kind" VARCHAR
(2, 'odd'),
-- expect: feature_id, sae_id, num_examples, num_active, num_explanations, pattern_type, activation_semantic_sim, activation_max_jaccard, selected_ngram, top_word_ngram, word_ngram_share, top_char_ngram, char_ngram_share, merge_similarity, failure_cause, failure_cluster, mean_score, score_rank, mean_fuzz, best_fuzz, mean_detection, best_detection, mean_embedding, best_embedding, mean_simulation, best_simulation, semantic_similarity, num_aligned_phrases, num_matches, num_mismatches, match_rate, llm_explainers, explanation_text, firing_count, density, is_dead, is_dense, max_activation, mean_activation, top_token, top_token_share, token_entropy, "mine.depth", "notes.kind"
(1, 'sae/x', 5, 4, 2, 'both', 0.5, 0.25, 'ab', 'the jury', 0.5, 'jury', 1, 0.75, 'missed_ngram', -1, 0.5, 1, 0.75, 1, 0.25, 0.25,
    NULL, NULL, -0.5, -0.5, 0.375, 4, 3, 1, 0.75, ['A', 'B'], 'first', 9, 0.5, false, true, 8, 4, 'c', 0.5, 1, 7, NULL),
(2, 'sae/x', 1, 1, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.5, 1, NULL, NULL, NULL, NULL,
    0.5, 0.5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, [], NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'odd'),
(3, 'sae/x', 1, 1, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.25, 3, 0.25, 0.25, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, [], NULL, NULL, NULL, NULL, NULL, 3, 2, 's', 1, 0, NULL, NULL),
(4, 'sae/x', 1, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, [], NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
