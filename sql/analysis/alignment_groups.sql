-- version: 1
-- description: Greedy alignment: each phrase not yet taken opens a group and takes every later phrase,
--   not yet taken, of another explainer whose similarity to it reaches the threshold. A group that
--   takes none is none, and its opener stays free.
--   Example: A says 0 and 1, B says 2 and 3, C says 4; alike are 0-2, 1-2, 1-4, 3-4. 0 opens a group and takes 2;
--   1 finds 2 taken and takes 4; 3 finds 4 taken, so it opens none. Groups: 0 with 2, 1 with 4.
-- key: model, feature_id, group_id
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column group_id: 0-based, in order of opening
-- column opener: phrase_order of the phrase that opened the group
-- column members: phrase_order of the taken phrases; the opener is not among them
WITH RECURSIVE openers AS (
    SELECT
        model,
        feature_id,
        phrase_order AS opener,
        list(later_order ORDER BY later_order) AS candidates,
        row_number() OVER (PARTITION BY model, feature_id ORDER BY phrase_order) AS step
    FROM analysis.phrase_similarity
    WHERE similarity >= $alignment_threshold::FLOAT
    GROUP BY model, feature_id, phrase_order
),

steps AS (
    SELECT model, feature_id, step, opener, candidates AS members, list_append(candidates, opener) AS taken
    FROM openers
    WHERE step = 1
    UNION ALL
    SELECT
        model,
        feature_id,
        step,
        opener,
        members,
        CASE
            WHEN len(members) = 0 THEN taken
            ELSE list_append(list_concat(taken, members), opener)
        END AS taken
    FROM (
        SELECT
            o.model,
            o.feature_id,
            o.step,
            o.opener,
            s.taken,
            CASE
                WHEN list_contains(s.taken, o.opener) THEN []
                ELSE list_filter(o.candidates, lambda c: NOT list_contains(s.taken, c))
            END AS members
        FROM steps s
        JOIN openers o ON o.model = s.model AND o.feature_id = s.feature_id AND o.step = s.step + 1
    )
)

SELECT
    model,
    feature_id,
    (row_number() OVER (PARTITION BY model, feature_id ORDER BY opener) - 1)::INTEGER AS group_id,
    opener,
    members
FROM steps
WHERE len(members) > 0
