-- version: 1
-- description: How many words the surroundings of a feature's examples share: the mean Jaccard
--   similarity of their distinct tokens over all pairs, of real and of made-up features.
-- key: is_made_up, feature_id
-- column is_made_up: a feature of calibration.made_up_features
-- column feature_id: the feature, or made_up_id
-- column mean_jaccard: mean over the pairs
WITH surroundings AS (
    SELECT false AS is_made_up, s.feature_id, s.prompt_id AS example, list_distinct(s.tokens) AS words
    FROM calibration.surroundings s
    SEMI JOIN calibration.drawn_features d ON d.feature_id = s.feature_id
    WHERE len(s.tokens) > 0
    UNION ALL
    SELECT true AS is_made_up, f.made_up_id AS feature_id, f.slot AS example, list_distinct(s.tokens) AS words
    FROM calibration.made_up_features f
    JOIN calibration.surroundings s ON s.feature_id = f.feature_id AND s.prompt_id = f.prompt_id
    WHERE len(s.tokens) > 0
),

totals AS (
    SELECT is_made_up, feature_id, count(*) * (count(*) - 1) / 2 AS pairs
    FROM surroundings
    GROUP BY is_made_up, feature_id
    HAVING count(*) > 1
),

words AS (
    SELECT is_made_up, feature_id, example, len(words) AS size, unnest(words) AS word
    FROM surroundings
),

shared AS (
    SELECT a.is_made_up, a.feature_id, jaccard(count(*), a.size, b.size) AS jaccard
    FROM words a
    JOIN words b
        ON b.is_made_up = a.is_made_up
        AND b.feature_id = a.feature_id
        AND b.word = a.word
        AND b.example > a.example
    GROUP BY a.is_made_up, a.feature_id, a.example, b.example, a.size, b.size
),

-- Pairs that share no word add 0.
summed AS (
    SELECT is_made_up, feature_id, sum(jaccard) AS total
    FROM shared
    GROUP BY is_made_up, feature_id
)

SELECT t.is_made_up, t.feature_id, (coalesce(s.total, 0) / t.pairs)::FLOAT AS mean_jaccard
FROM totals t
LEFT JOIN summed s ON s.is_made_up = t.is_made_up AND s.feature_id = t.feature_id
