-- version: 2
-- description: A feature's card: one row of what is known of the feature; no row when there is no such.
-- argument feature: the feature's id
-- column num_scored: how many features are scored
-- column jaccards: mean Jaccard of its windows by n, in the order of ngrams.sizes
-- column shared: what its sampled examples share most: the word n-gram, then the character n-gram
-- column top_ngrams: by n, where one occurs often enough
SELECT
    o.*,
    (SELECT count(mean_score) FROM analysis.feature_overview) AS num_scored,
    coalesce(a.num_examples_sampled, 0) AS num_sampled,
    a.std_pairwise_similarity AS std_similarity,
    a.min_pairwise_similarity AS min_similarity,
    a.max_pairwise_similarity AS max_similarity,
    coalesce(a.quantile_boundaries, []) AS quantile_boundaries,
    coalesce(a.ngram_jaccard_similarity, []) AS jaccards,
    coalesce(a.top_common_ngrams, []) AS top_ngrams,
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
