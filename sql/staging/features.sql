-- version: 2
-- description: Every feature with a record or an explanation.
-- key: feature_id
-- column num_examples: its records, of a latents cache those that are not kept too
-- column num_active: of them with an activation
WITH counted AS (
    SELECT
        feature_id,
        count(*) AS num_examples,
        count(*) FILTER (num_activations > 0) AS num_active
    FROM staging.activation_records
    WHERE status = 'kept'
    GROUP BY feature_id
    UNION ALL
    SELECT feature_id, num_records AS num_examples, num_records AS num_active
    FROM staging.latents
    WHERE status = 'kept'
),

explained AS (
    SELECT e.feature_id, count(*) AS num_explanations
    FROM staging.explanations e
    JOIN staging.explainers x ON x.source = e.source
    GROUP BY e.feature_id
)

SELECT
    feature_id,
    coalesce(c.num_examples, 0) AS num_examples,
    coalesce(c.num_active, 0) AS num_active,
    coalesce(e.num_explanations, 0) AS num_explanations
FROM counted c
FULL JOIN explained e USING (feature_id)
ORDER BY feature_id
