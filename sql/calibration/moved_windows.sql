-- version: 1
-- description: Made-up features that know a topic and no n-gram: of a feature with a topic each example's
--   n-gram window is moved, inside its embedding window, to another word of the topic. A word is one of
--   the topic's if at least two of the feature's surroundings hold it, and more than twice as many as by
--   chance; where an example has none, any place in its surroundings serves.
-- key: made_up_id, prompt_id
-- column made_up_id: 0-based; calibration.samples of them
-- column feature_id: the feature
-- column prompt_id: the example's prompt
-- column position: 0-based position of the token that the moved window lies around
-- column tokens: tokens of the moved n-gram window
WITH features AS (
    SELECT d.feature_id, d.examples
    FROM calibration.drawn_features d
    JOIN calibration.topics t ON t.feature_id = d.feature_id AND t.has_topic
),

-- A round is a fresh order of all features; each gives one made-up feature.
rounds AS (
    SELECT unnest(range(ceil($calibration_samples / nullif(count(*), 0))::BIGINT)) AS round
    FROM features
),

made_up AS (
    SELECT
        row_number() OVER (
            ORDER BY r.round, md5(concat_ws(' ', $calibration_seed, r.round, f.feature_id))
        ) - 1 AS made_up_id,
        f.feature_id
    FROM rounds r
    CROSS JOIN features f
    QUALIFY made_up_id < $calibration_samples
),

-- Places whose n-gram window has no token of the one that the feature fired in.
places AS (
    SELECT
        s.feature_id,
        s.prompt_id,
        p.num_tokens,
        unnest(s.positions) AS position,
        unnest(s.tokens) AS token,
        s.ngram_start,
        s.ngram_end
    FROM calibration.surroundings s
    SEMI JOIN calibration.drawn_features d ON d.feature_id = s.feature_id
    JOIN staging.prompts p ON p.prompt_id = s.prompt_id
),

holding AS (
    SELECT feature_id, token, count(DISTINCT prompt_id) AS examples
    FROM places
    GROUP BY feature_id, token
),

by_chance AS (
    SELECT h.token, sum(h.examples) / any_value(a.examples) AS share
    FROM holding h
    CROSS JOIN (SELECT sum(examples) AS examples FROM calibration.drawn_features) a
    GROUP BY h.token
),

topic_words AS (
    SELECT h.feature_id, h.token
    FROM holding h
    JOIN features f ON f.feature_id = h.feature_id
    JOIN by_chance c ON c.token = h.token
    WHERE h.examples > 1 AND h.examples / f.examples > 2 * c.share
),

moves AS (
    SELECT
        p.feature_id,
        p.prompt_id,
        p.position,
        w.token IS NOT NULL AS is_topic_word
    FROM places p
    SEMI JOIN features f ON f.feature_id = p.feature_id
    LEFT JOIN topic_words w ON w.feature_id = p.feature_id AND w.token = p.token
    WHERE window_end(p.position, p.num_tokens, $windows_ngram_tokens, $windows_edge) <= p.ngram_start
        OR window_start(p.position, p.num_tokens, $windows_ngram_tokens, $windows_edge) >= p.ngram_end
),

moved AS (
    SELECT m.made_up_id, m.feature_id, v.prompt_id, v.position
    FROM made_up m
    JOIN moves v ON v.feature_id = m.feature_id
    QUALIFY row_number() OVER (
        PARTITION BY m.made_up_id, v.prompt_id
        ORDER BY v.is_topic_word DESC, md5(concat_ws(' ', $calibration_seed, m.made_up_id, v.prompt_id, v.position))
    ) = 1
)

SELECT
    m.made_up_id,
    m.feature_id,
    m.prompt_id,
    m.position,
    token_window(p.tokens, m.position, $windows_ngram_tokens, $windows_edge) AS tokens
FROM moved m
JOIN staging.prompts p ON p.prompt_id = m.prompt_id
