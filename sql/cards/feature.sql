-- version: 3
-- description: A feature's card: one row of what is known of the feature; no row when there is no such.
-- argument feature: the feature's id
-- column num_scored: how many features are scored
-- column shared: what its sampled examples share most: the word n-gram, then the character n-gram
-- column ngrams: rows of analysis.ngrams_long, in the order of ngrams.sizes
SELECT
    o.*,
    (SELECT count(mean_score) FROM analysis.feature_overview) AS num_scored,
    coalesce(a.num_examples_sampled, 0) AS num_sampled,
    a.std_pairwise_similarity AS std_similarity,
    a.min_pairwise_similarity AS min_similarity,
    a.max_pairwise_similarity AS max_similarity,
    coalesce(a.quantile_boundaries, []) AS quantile_boundaries,
    (
        SELECT list(
            {
                'n': ngram_size,
                'mean_jaccard': mean_jaccard,
                'ngram': ngram,
                'count': nullif(count, 0),
                'is_selected': is_selected
            }
            ORDER BY list_position($ngrams_sizes::INTEGER[], ngram_size)
        )
        FROM analysis.ngrams_long
        WHERE feature_id = $feature
    ) AS ngrams,
    (
        SELECT list(
            {'kind': kind, 'ngram': ngram, 'examples': examples, 'occurrences': occurrences, 'share': share}
            ORDER BY kind DESC
        )
        FROM analysis.shared_ngrams
        WHERE feature_id = $feature AND ngram IS NOT NULL
    ) AS shared
FROM analysis.feature_overview o
LEFT JOIN master.activation_example_similarity a ON a.feature_id = o.feature_id
WHERE o.feature_id = $feature
