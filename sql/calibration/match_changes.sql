-- version: 2
-- description: What aligns and what matches under each choice of thresholds, from the similarities
--   that are stored: matching with the pattern types of the choice and the phrases aligned now.
-- key: choice
-- column choice: now, 5 % or 1 %
-- column groups: aligned groups
-- column aligned_phrases: phrases in them
-- column tried: phrases on which a method was tried
-- column matched: phrases of them that match
-- column new_features: features that a method would be tried on for the first time; a build tells
WITH chosen AS (
    SELECT choice, value AS matching
    FROM calibration.thresholds
    WHERE threshold = 'matching.threshold'
),

groups AS (
    SELECT choice, count(*) AS groups, sum(len(members) + 1)::BIGINT AS aligned_phrases
    FROM calibration.alignment_groups
    GROUP BY choice
),

stored AS (
    SELECT p.feature_id, p.method, p.candidate_order, p.similarity
    FROM analysis.phrase_matching p
    JOIN staging.default_model m ON m.model = p.model
),

phrases AS (
    SELECT
        c.choice,
        s.feature_id,
        s.candidate_order,
        max(s.similarity) >= any_value(c.matching)::FLOAT AS matches
    FROM chosen c
    JOIN calibration.pattern_types t ON t.choice = c.choice
    JOIN stored s
        ON s.feature_id = t.feature_id
        AND CASE WHEN s.method = 'lexical' THEN t.is_lexical ELSE t.is_semantic END
    GROUP BY c.choice, s.feature_id, s.candidate_order
),

counted AS (
    SELECT choice, count(*) AS tried, count(*) FILTER (matches) AS matched
    FROM phrases
    GROUP BY choice
),

wanted AS (
    SELECT choice, feature_id, 'semantic' AS method
    FROM calibration.pattern_types
    WHERE is_semantic
    UNION ALL
    SELECT choice, feature_id, 'lexical' AS method
    FROM calibration.pattern_types
    WHERE is_lexical AND selected_n IS NOT NULL
),

untried AS (
    SELECT w.choice, count(DISTINCT w.feature_id) AS new_features
    FROM wanted w
    SEMI JOIN calibration.alignment_groups g ON g.choice = w.choice AND g.feature_id = w.feature_id
    ANTI JOIN stored s ON s.feature_id = w.feature_id AND s.method = w.method
    GROUP BY w.choice
)

SELECT
    c.choice,
    coalesce(g.groups, 0) AS groups,
    coalesce(g.aligned_phrases, 0) AS aligned_phrases,
    coalesce(p.tried, 0) AS tried,
    coalesce(p.matched, 0) AS matched,
    coalesce(u.new_features, 0) AS new_features
FROM chosen c
LEFT JOIN groups g ON g.choice = c.choice
LEFT JOIN counted p ON p.choice = c.choice
LEFT JOIN untried u ON u.choice = c.choice
