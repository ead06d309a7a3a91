-- version: 3
-- description: Lists and their counts agree; a count of n-grams is 65,535 where there are more.
SELECT 'activation_examples' AS master, feature_id FROM staging.activation_examples
WHERE len(positions) <> num_activations OR len(activations) <> num_activations
UNION ALL
SELECT 'activation_example_similarity' AS master, feature_id FROM master.activation_example_similarity
WHERE len(prompt_ids) <> num_examples_sampled
    OR len(ngram_jaccard_similarity) <> len($ngrams_sizes::INTEGER[])
    OR num_examples_sampled > num_total_activations
    OR list_sum(list_transform(top_common_ngrams, lambda g: g.count))
        <> list_sum(
            list_transform(
                top_common_ngrams,
                lambda g: least(list_sum(list_transform(g.occurrences, lambda o: len(o.positions))), 65535)
            )
        )
UNION ALL
SELECT 'explanation_alignment' AS master, feature_id FROM master.explanation_alignment
WHERE len(aligned_groups) <> num_aligned_groups
    OR list_min(
        list_transform(
            aligned_groups, lambda g: len(list_distinct(list_transform(g.phrases, lambda p: p.explainer_name)))
        )
    ) < 2
UNION ALL
SELECT 'ex_act_pattern_matching' AS master, feature_id FROM master.ex_act_pattern_matching
WHERE len(matches) <> num_matches
    OR len(list_filter(mismatches, lambda m: m.mismatch_type = 'explanation_only')) <> num_mismatches
UNION ALL
SELECT 'vectors' AS master, feature_id FROM master.explanation_embeddings
WHERE len(embedding) <> (SELECT max(len(embedding)) FROM master.explanation_embeddings)
