-- version: 1
-- description: Every feature with a record or an explanation.
-- key: feature_id
WITH counted AS (
    SELECT
        feature_id,
        count(*) AS num_examples,
        count(*) FILTER (num_activations > 0) AS num_active
    FROM staging.activation_examples
    GROUP BY feature_id
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
