-- version: 1
-- description: The records that are kept: those that analysis.samples takes, and of the others the
--   first latents.max_records by the md5 of "<feature_id>-<prompt_id>".
-- key: feature_id, prompt_id
WITH placed AS (
    SELECT
        r.feature_id,
        r.prompt_id,
        r.max_activation,
        b.num_records < $sampling_quantiles AS few,
        1 + len(list_filter(b.boundaries, lambda boundary: r.max_activation::DOUBLE > boundary)) AS quantile,
        text_key(r.feature_id || '-' || r.prompt_id) AS chance
    FROM part.records r
    JOIN part.boundaries b ON b.feature_id = r.feature_id
),

ranked AS (
    SELECT
        *,
        few OR row_number() OVER (
            PARTITION BY feature_id, quantile ORDER BY max_activation DESC, prompt_id
        ) <= $sampling_per_quantile AS sampled
    FROM placed
),

chosen AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY feature_id, sampled ORDER BY chance) AS place
    FROM ranked
)

SELECT feature_id, prompt_id
FROM chosen
WHERE sampled OR place <= $latents_max_records
