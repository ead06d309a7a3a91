-- version: 2
-- description: Cosine similarity of each candidate phrase to the mean vector of its feature's lexical
--   and semantic contexts. It is the cosine to the mean, but no mean vector is made: from inner products
--   p·mean / (|p| |mean|) = Σ p·c / (|p| √(ΣΣ c·c′)). Contexts (1, 0) and (0, 1), phrase (2, 0): the sum
--   of products is 2, |p| = 2, the length of the contexts' sum √2, so the similarity is 1/√2.
-- key: model, feature_id, method, candidate_order
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column method: lexical, semantic
-- column candidate_order: 0-based place among the feature's candidates
-- column similarity: cosine similarity of the phrase to the mean vector of the method's contexts
WITH phrases AS (
    SELECT
        p.model,
        p.feature_id,
        p.candidate_order,
        v.vector,
        sqrt(list_inner_product(v.vector, v.vector)::DOUBLE) AS length
    FROM analysis.candidate_phrases p
    JOIN vectors.phrases v ON v.model = p.model AND v.text_key = p.text_key
),

products AS (
    SELECT
        p.model,
        p.feature_id,
        c.method,
        p.candidate_order,
        p.length,
        sum(list_inner_product(p.vector, c.vector)::DOUBLE) AS product
    FROM phrases p
    JOIN analysis.context_vectors c ON c.model = p.model AND c.feature_id = p.feature_id
    GROUP BY p.model, p.feature_id, c.method, p.candidate_order, p.length
)

SELECT
    p.model,
    p.feature_id,
    p.method,
    p.candidate_order,
    greatest(-1, least(1, coalesce(p.product / nullif(p.length * l.length, 0), 0)))::FLOAT AS similarity
FROM products p
JOIN analysis.context_lengths l ON l.model = p.model AND l.feature_id = p.feature_id AND l.method = p.method
