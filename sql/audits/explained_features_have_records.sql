-- version: 2
-- description: Every explained feature has an activation record, else the masters would not join.
-- hint: add their records, or leave them out with scope.features
SELECT
    format(
        '{} explained features have no activation record, the first: feature {}', count(*), min(feature_id)
    ) AS message
FROM staging.features
WHERE num_explanations > 0 AND num_examples = 0
HAVING count(*) > 0
