-- version: 1
-- description: Quantile sampling: of each quantile the examples with the largest max_activation.
-- key: feature_id, prompt_id
-- column feature_id: the feature
-- column prompt_id: 0-based place in prompts.json
-- column quantile: 1-based; with fewer examples than quantiles the place in ascending order
-- column rank: 1-based place inside the quantile
-- column sample_order: 1-based place inside the feature: by quantile, then rank
-- column max_activation: the example's largest value
-- column max_position: 0-based position of it in the prompt
WITH placed AS (
    SELECT
        e.feature_id,
        e.prompt_id,
        e.max_activation,
        e.max_position,
        CASE
            WHEN q.num_active < $sampling_quantiles
                THEN row_number() OVER (
                    PARTITION BY e.feature_id ORDER BY e.max_activation, e.prompt_id
                )
            ELSE 1 + len(list_filter(q.boundaries, lambda b: e.max_activation::DOUBLE > b))
        END::INTEGER AS quantile
    FROM staging.activation_examples e
    JOIN analysis.activation_quantiles q ON q.feature_id = e.feature_id
    WHERE e.num_activations > 0
),

ranked AS (
    SELECT
        *,
        (row_number() OVER (
            PARTITION BY feature_id, quantile ORDER BY max_activation DESC, prompt_id
        ))::INTEGER AS rank
    FROM placed
    QUALIFY rank <= $sampling_per_quantile
)

SELECT
    feature_id,
    prompt_id,
    quantile,
    rank,
    (row_number() OVER (PARTITION BY feature_id ORDER BY quantile, rank))::INTEGER AS sample_order,
    max_activation,
    max_position
FROM ranked
ORDER BY feature_id, sample_order
