-- version: 1
-- description: No column is null where SPEC.md allows no null.
SELECT 'features' AS master, feature_id FROM master.features
WHERE sae_id IS NULL OR explanation_method IS NULL OR llm_explainer IS NULL OR explanation_text IS NULL
    OR decoder_similarity IS NULL OR semantic_similarity IS NULL OR scores IS NULL
UNION ALL
SELECT 'explanation_embeddings' AS master, feature_id FROM master.explanation_embeddings
WHERE sae_id IS NULL OR data_source IS NULL OR llm_explainer IS NULL OR embedding IS NULL
UNION ALL
SELECT 'activation_examples' AS master, feature_id FROM staging.activation_examples
WHERE prompt_id IS NULL OR positions IS NULL OR activations IS NULL OR (max_activation IS NULL) <> (num_activations = 0)
UNION ALL
SELECT 'activation_example_similarity' AS master, feature_id FROM master.activation_example_similarity
WHERE num_examples_sampled IS NULL OR num_total_activations IS NULL OR prompt_ids IS NULL OR quantile_boundaries IS NULL
    OR ngram_jaccard_similarity IS NULL OR top_common_ngrams IS NULL
    OR (mean_pairwise_similarity IS NULL) <> (num_examples_sampled < 2)
    OR (std_pairwise_similarity IS NULL) <> (num_examples_sampled < 3)
UNION ALL
SELECT 'interfeature_similarity' AS master, feature_id FROM master.interfeature_similarity
WHERE selected_features IS NULL OR similarity_pairs IS NULL OR ngram_analysis IS NULL
UNION ALL
SELECT 'explanation_alignment' AS master, feature_id FROM master.explanation_alignment
WHERE llm_explainers IS NULL OR num_aligned_groups IS NULL OR aligned_groups IS NULL
UNION ALL
SELECT 'ex_act_pattern_matching' AS master, feature_id FROM master.ex_act_pattern_matching
WHERE pattern_type IS NULL OR num_aligned_phrases IS NULL OR matches IS NULL OR mismatches IS NULL
    OR num_matches IS NULL OR num_mismatches IS NULL OR match_rate IS NULL
