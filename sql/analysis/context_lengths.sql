-- version: 2
-- description: Length of the sum of each feature's context vectors, |Σ c| = √(ΣΣ c·c′), by method.
-- key: model, feature_id, method
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column method: lexical, semantic
-- column length: of the sum; divided by the number of contexts it is that of their mean
WITH contexts AS MATERIALIZED (
    SELECT model, feature_id, method, vector
    FROM analysis.context_vectors
)

SELECT
    a.model,
    a.feature_id,
    a.method,
    sqrt(greatest(sum(list_inner_product(a.vector, b.vector)::DOUBLE), 0)) AS length
FROM contexts a
JOIN contexts b
    ON b.model = a.model AND b.feature_id = a.feature_id AND b.method = a.method
GROUP BY a.model, a.feature_id, a.method
