-- version: 3
-- description: Length of the sum of each feature's context vectors, |Σ c| = √(ΣΣ c·c′), by method.
-- key: model, feature_id, method
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column method: lexical, semantic
-- column length: of the sum; divided by the number of contexts it is that of their mean
SELECT
    a.model,
    a.feature_id,
    a.method,
    sqrt(greatest(sum(list_inner_product(a.vector, b.vector)::DOUBLE), 0)) AS length
FROM analysis.context_vectors a
JOIN analysis.context_vectors b
    ON b.model = a.model AND b.feature_id = a.feature_id AND b.method = a.method
GROUP BY a.model, a.feature_id, a.method
