-- version: 4
-- description: How alike a feature's sampled examples are: by vectors and by n-grams.
-- key: feature_id
-- batch_by: staging.features.feature_id
-- batch_size: 65536
-- order: feature_id
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column num_examples_sampled UInt32: sampled examples
-- column mean_pairwise_similarity Float32: over all unordered pairs; null for fewer than 2 examples
-- column std_pairwise_similarity Float32: sample standard deviation; null for fewer than 3 examples
-- column min_pairwise_similarity Float32: smallest
-- column max_pairwise_similarity Float32: largest
-- column num_total_activations UInt32: examples with an activation
-- column prompt_ids List(UInt32): the sampled prompts, by quantile, then rank
-- column quantile_boundaries List(Float32): of max_activation; empty with fewer examples than quantiles
-- column ngram_jaccard_similarity List(Float32): mean Jaccard by n; null for fewer than 2 examples
-- column top_common_ngrams List(Struct(ngram Utf8, ngram_size UInt8, count UInt16, occurrences
--   List(Struct(prompt_id UInt32, positions List(UInt16))))):
--   the most frequent n-gram of each n that occurs at least twice
WITH sampled AS (
    SELECT feature_id, count(*) AS num_examples, list(prompt_id ORDER BY sample_order) AS prompt_ids
    FROM analysis.samples
    WHERE feature_id BETWEEN $first AND $last
    GROUP BY feature_id
),

similarities AS (
    SELECT s.*
    FROM analysis.activation_similarity s
    JOIN staging.default_model m ON m.model = s.model
),

jaccards AS (
    SELECT feature_id, list(mean_jaccard ORDER BY list_position($ngrams_sizes::INTEGER[], n)) AS by_size
    FROM analysis.ngram_jaccard
    WHERE feature_id BETWEEN $first AND $last
    GROUP BY feature_id
),

tops AS (
    SELECT
        feature_id,
        list(
            {'ngram': ngram, 'ngram_size': n, 'count': least(count, 65535), 'occurrences': occurrences}
            ORDER BY list_position($ngrams_sizes::INTEGER[], n)
        ) AS top_ngrams
    FROM analysis.top_ngrams
    WHERE feature_id BETWEEN $first AND $last
    GROUP BY feature_id
)

SELECT
    f.feature_id,
    sae.sae_id,
    coalesce(s.num_examples, 0) AS num_examples_sampled,
    a.mean_similarity AS mean_pairwise_similarity,
    a.std_similarity AS std_pairwise_similarity,
    a.min_similarity AS min_pairwise_similarity,
    a.max_similarity AS max_pairwise_similarity,
    f.num_active AS num_total_activations,
    coalesce(s.prompt_ids, []) AS prompt_ids,
    coalesce(q.boundaries, []) AS quantile_boundaries,
    coalesce(j.by_size, list_transform($ngrams_sizes::INTEGER[], lambda n: NULL::FLOAT)) AS ngram_jaccard_similarity,
    coalesce(t.top_ngrams, []) AS top_common_ngrams
FROM staging.features f
CROSS JOIN staging.sae sae
LEFT JOIN sampled s ON s.feature_id = f.feature_id
LEFT JOIN similarities a ON a.feature_id = f.feature_id
LEFT JOIN analysis.activation_quantiles q ON q.feature_id = f.feature_id
LEFT JOIN jaccards j ON j.feature_id = f.feature_id
LEFT JOIN tops t ON t.feature_id = f.feature_id
WHERE f.num_examples > 0 AND f.feature_id BETWEEN $first AND $last
ORDER BY f.feature_id
