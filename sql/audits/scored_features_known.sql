-- version: 1
-- description: Every scored feature has a record or an explanation, else its scores are in no master.
-- severity: warning
SELECT
    format(
        '{} scored features have neither a record nor an explanation, so that their scores are in no master; '
        || 'the first: feature {} in "{}"',
        count(DISTINCT s.feature_id),
        min(s.feature_id),
        min_by(s.source, s.feature_id)
    ) AS message
FROM staging.score_files s
ANTI JOIN staging.features f ON f.feature_id = s.feature_id
HAVING count(*) > 0
