-- version: 1
-- description: Which features are about something: the surroundings of their examples share more words
--   than those of 99 of 100 made-up features. The words at the place where it fires are not looked at.
-- key: feature_id
-- column feature_id: the feature
-- column has_topic: whether its surroundings share more words than by chance
WITH chance AS (
    SELECT quantile_disc(mean_jaccard, 0.99) AS largest
    FROM calibration.shared_surroundings
    WHERE is_made_up
)

SELECT s.feature_id, s.mean_jaccard > c.largest AS has_topic
FROM calibration.shared_surroundings s
CROSS JOIN chance c
WHERE NOT s.is_made_up
