-- SPEC.md 3, matching. Feature 1: two matches and one unmatched phrase: rate 2/3; lexical reached 0.5, semantic matched nothing (its largest is 0.25): one activation_only entry with the first window's text,
-- after the unmatched phrase. Two matches tie. Feature 2: nothing was tried: rate 0, null n-gram. Feature 3: one phrase, unmatched by an n-gram: rate 0.
-- set matching.threshold = 0.5
-- given analysis.pattern_types: model VARCHAR, feature_id BIGINT, pattern_type VARCHAR, mean_similarity FLOAT, max_jaccard FLOAT, selected_n INTEGER, selected_ngram VARCHAR, selected_count BIGINT, selected_occurrences STRUCT(prompt_id BIGINT, positions INTEGER[])[]
('m', 3, 'lexical', 0.125, 0.5, 2, 'xy', 2, [(0, [1, 1])]), ('m', 1, 'both', 0.5, 0.75, 3, 'the', 4, [(0, [1]), (5, [2, 3, 4])]), ('m', 2, 'none', NULL, NULL, NULL, NULL, NULL, NULL),
('n', 1, 'none', 0, 0, NULL, NULL, NULL, NULL),
-- given staging.default_model: model VARCHAR
('m'),
-- given analysis.aligned_phrases: model VARCHAR, feature_id BIGINT
('m', 1), ('m', 1), ('m', 1), ('m', 1), ('n', 1), ('m', 3),
-- given analysis.phrase_results: model VARCHAR, feature_id BIGINT, candidate_order INTEGER, explainer VARCHAR, chunk_index INTEGER, text VARCHAR, similarity FLOAT, match_type VARCHAR
('m', 1, 2, 'B', 1, 'jury', 0.5, 'lexical'), ('m', 1, 0, 'A', 0, 'jury', 0.5, 'lexical'), ('m', 1, 1, 'A', 1, 'court', 0.25, NULL), ('m', 3, 0, 'A', 0, 'x', 0.125, NULL),
-- given analysis.phrase_matching: model VARCHAR, feature_id BIGINT, method VARCHAR, similarity FLOAT
('m', 1, 'lexical', 0.5), ('m', 1, 'lexical', 0.125), ('m', 1, 'semantic', 0.25), ('m', 1, 'semantic', 0.125), ('m', 3, 'lexical', 0.125), ('n', 1, 'semantic', 0.25),
-- given texts.semantic_contexts: model VARCHAR, feature_id BIGINT, context_order INTEGER, text VARCHAR
('m', 1, 1, 'w one'), ('m', 1, 2, 'w two'), ('n', 1, 1, 'other'),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- expect: feature_id, sae_id, pattern_type, activation_semantic_sim, activation_max_jaccard, selected_ngram, num_aligned_phrases, matches, mismatches, num_matches, num_mismatches, match_rate
(1, 'sae/x', 'both', 0.5, 0.75, {'ngram': 'the', 'ngram_size': 3, 'jaccard_score': 0.75, 'count': 4, 'activation_positions': [{'prompt_id': 0, 'positions': [1]}, {'prompt_id': 5, 'positions': [2, 3, 4]}]}, 4,
    [{'phrase_text': 'jury', 'explainer_name': 'A', 'phrase_chunk_index': 0, 'semantic_similarity': 0.5, 'match_type': 'lexical'},
     {'phrase_text': 'jury', 'explainer_name': 'B', 'phrase_chunk_index': 1, 'semantic_similarity': 0.5, 'match_type': 'lexical'}],
    [{'item_text': 'court', 'item_type': 'phrase', 'mismatch_type': 'explanation_only', 'explainer_name': 'A', 'semantic_similarity': 0.25},
     {'item_text': 'w one', 'item_type': 'semantic_context', 'mismatch_type': 'activation_only', 'explainer_name': NULL, 'semantic_similarity': 0.25}], 2, 1, 2/3),
(2, 'sae/x', 'none', NULL, NULL, NULL, 0, [], [], 0, 0, 0),
(3, 'sae/x', 'lexical', 0.125, 0.5, {'ngram': 'xy', 'ngram_size': 2, 'jaccard_score': 0.5, 'count': 2, 'activation_positions': [{'prompt_id': 0, 'positions': [1, 1]}]}, 1, [],
    [{'item_text': 'x', 'item_type': 'phrase', 'mismatch_type': 'explanation_only', 'explainer_name': 'A', 'semantic_similarity': 0.125},
     {'item_text': 'xy', 'item_type': 'ngram', 'mismatch_type': 'activation_only', 'explainer_name': NULL, 'semantic_similarity': 0.125}], 0, 1, 0),
