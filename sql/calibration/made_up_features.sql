-- version: 2
-- description: Features that are about nothing: each has as many examples as a real one, and every one
--   of them comes from another feature.
-- key: made_up_id, slot
-- column made_up_id: 0-based; calibration.samples of them
-- column slot: 0-based place of the example
-- column feature_id: the feature the example comes from
-- column prompt_id: the example's prompt
WITH sizes AS (
    SELECT feature_id, examples
    FROM calibration.drawn_features
),

-- A round is a fresh order of all features; the n-th made-up feature begins at the n-th place.
rounds AS (
    SELECT unnest(range(ceil($calibration_samples / nullif(count(*), 0))::BIGINT)) AS round
    FROM sizes
),

placed AS (
    SELECT
        r.round,
        s.feature_id,
        s.examples,
        row_number() OVER (
            PARTITION BY r.round ORDER BY md5(concat_ws(' ', $calibration_seed, r.round, s.feature_id))
        ) - 1 AS place,
        count(*) OVER (PARTITION BY r.round) AS features
    FROM rounds r
    CROSS JOIN sizes s
),

slots AS (
    SELECT
        round * features + place AS made_up_id,
        round,
        features,
        place,
        unnest(range(least(examples, features))) AS slot
    FROM placed
    WHERE round * features + place < $calibration_samples
),

windows AS (
    SELECT
        p.round,
        p.place,
        p.examples,
        s.feature_id,
        s.prompt_id,
        row_number() OVER (
            PARTITION BY p.round, s.feature_id
            ORDER BY md5(concat_ws(' ', $calibration_seed, p.round, s.feature_id, s.prompt_id))
        ) - 1 AS number
    FROM placed p
    JOIN analysis.samples s ON s.feature_id = p.feature_id
)

SELECT l.made_up_id, l.slot, w.feature_id, w.prompt_id
FROM slots l
JOIN windows w
    ON w.round = l.round
    AND w.place = (l.place + l.slot) % l.features
    AND w.number = l.slot % w.examples
