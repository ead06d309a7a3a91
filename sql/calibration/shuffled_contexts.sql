-- version: 3
-- description: The statistic of matching.threshold on shuffled phrases: the cosine similarity of a
--   feature's mean context vector to a phrase that was tried on another feature by the same method.
-- column method: lexical, semantic
-- column feature_id: the feature of the contexts
-- column other_id: the feature of the phrase
-- column similarity: cosine similarity of the phrase to the mean vector of the contexts
WITH tried AS (
    SELECT
        p.model,
        p.feature_id,
        p.method,
        c.text_key,
        md5(concat_ws(' ', $calibration_seed, p.feature_id, p.method, p.candidate_order)) AS shuffle
    FROM analysis.phrase_matching p
    JOIN staging.default_model m ON m.model = p.model
    JOIN analysis.candidate_phrases c
        ON c.model = p.model AND c.feature_id = p.feature_id AND c.candidate_order = p.candidate_order
),

placed AS MATERIALIZED (
    SELECT
        *,
        row_number() OVER (PARTITION BY method ORDER BY shuffle) - 1 AS place,
        count(*) OVER (PARTITION BY method) AS places
    FROM tried
    QUALIFY row_number() OVER (ORDER BY shuffle) <= 10 * $calibration_samples
),

lags AS (
    SELECT unnest(range(1, 1 + ceil(10 * $calibration_samples / nullif(count(*), 0))::BIGINT)) AS lag
    FROM placed
),

moved AS MATERIALIZED (
    SELECT p.model, p.method, p.feature_id, (p.place + l.lag) % p.places AS place
    FROM placed p
    CROSS JOIN lags l
),

-- A pair once, however often its phrase was tried.
shuffled AS (
    SELECT DISTINCT a.model, a.method, a.feature_id, b.feature_id AS other_id, b.text_key
    FROM moved a
    JOIN placed b ON b.method = a.method AND b.place = a.place
    WHERE b.feature_id <> a.feature_id
),

-- As in analysis.phrase_matching: p·mean / (|p| |mean|) = Σ p·c / (|p| √(ΣΣ c·c′)).
products AS (
    SELECT
        s.model,
        s.method,
        s.feature_id,
        s.other_id,
        s.text_key,
        any_value(sqrt(list_inner_product(p.vector, p.vector)::DOUBLE)) AS length,
        sum(list_inner_product(p.vector, c.vector)::DOUBLE) AS product
    FROM shuffled s
    JOIN vectors.phrases p ON p.model = s.model AND p.text_key = s.text_key
    JOIN analysis.context_vectors c ON c.model = s.model AND c.feature_id = s.feature_id AND c.method = s.method
    GROUP BY s.model, s.method, s.feature_id, s.other_id, s.text_key
)

SELECT
    p.method,
    p.feature_id,
    p.other_id,
    greatest(-1, least(1, coalesce(p.product / nullif(p.length * l.length, 0), 0)))::FLOAT AS similarity
FROM products p
JOIN analysis.context_lengths l ON l.model = p.model AND l.feature_id = p.feature_id AND l.method = p.method
