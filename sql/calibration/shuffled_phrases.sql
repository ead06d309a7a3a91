-- version: 2
-- description: The statistic of alignment.threshold on shuffled phrases: the cosine similarity of a
--   phrase to one of another explainer, as alignment compares them, but of another feature.
-- column feature_id: the feature of the first phrase
-- column other_id: the feature of the second
-- column similarity: cosine similarity of the two phrases
WITH compared AS (
    SELECT
        s.feature_id,
        a.text_key,
        b.text_key AS later_key,
        b.explainer_order AS later_explainer,
        md5(concat_ws(' ', $calibration_seed, s.feature_id, s.phrase_order, s.later_order)) AS shuffle
    FROM analysis.phrase_similarity s
    JOIN staging.default_model m ON m.model = s.model
    JOIN analysis.phrases a ON a.feature_id = s.feature_id AND a.phrase_order = s.phrase_order
    JOIN analysis.phrases b ON b.feature_id = s.feature_id AND b.phrase_order = s.later_order
),

placed AS MATERIALIZED (
    SELECT
        *,
        row_number() OVER (PARTITION BY later_explainer ORDER BY shuffle) - 1 AS place,
        count(*) OVER (PARTITION BY later_explainer) AS places
    FROM compared
    QUALIFY row_number() OVER (ORDER BY shuffle) <= 10 * $calibration_samples
),

-- Each keeps its first phrase and takes the second of one that is a lag further on.
lags AS (
    SELECT unnest(range(1, 1 + ceil(10 * $calibration_samples / nullif(count(*), 0))::BIGINT)) AS lag
    FROM placed
),

moved AS MATERIALIZED (
    SELECT p.feature_id, p.text_key, p.later_explainer, (p.place + l.lag) % p.places AS place
    FROM placed p
    CROSS JOIN lags l
),

shuffled AS (
    SELECT a.feature_id, a.text_key, b.feature_id AS other_id, b.later_key
    FROM moved a
    JOIN placed b ON b.later_explainer = a.later_explainer AND b.place = a.place
    WHERE b.feature_id <> a.feature_id
),

embedded AS (
    SELECT v.text_key, v.vector
    FROM vectors.phrases v
    JOIN staging.default_model m ON m.model = v.model
)

SELECT s.feature_id, s.other_id, cosine(a.vector, b.vector) AS similarity
FROM shuffled s
JOIN embedded a ON a.text_key = s.text_key
JOIN embedded b ON b.text_key = s.later_key
