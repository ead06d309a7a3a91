-- version: 3
-- description: Cosine similarity over all unordered pairs of a feature's sampled windows.
-- key: model, feature_id
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column num_examples: sampled examples
-- column mean_similarity: mean over the pairs; null for fewer than 2 examples
-- column std_similarity: sample standard deviation, null for fewer than 3 examples
-- column min_similarity: smallest
-- column max_similarity: largest
WITH pairs AS (
    SELECT
        model,
        feature_id,
        len(vectors) AS num_examples,
        pairwise_cosines(vectors) AS similarities
    FROM analysis.sampled_vectors
)

SELECT
    model,
    feature_id,
    num_examples::INTEGER AS num_examples,
    list_avg(similarities)::FLOAT AS mean_similarity,
    CASE WHEN num_examples >= 3 THEN list_stddev_samp(similarities) END::FLOAT AS std_similarity,
    list_min(similarities)::FLOAT AS min_similarity,
    list_max(similarities)::FLOAT AS max_similarity
FROM pairs
