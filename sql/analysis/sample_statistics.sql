-- version: 2
-- description: Statistics of each feature over its kept records alone, which were selected: they say
--   nothing of how often it fires.
-- key: feature_id
-- batch_by: staging.activation_examples
-- column feature_id: the feature
-- column num_tokens: tokens of its records' prompts
-- column firing_count: tokens that it fires on
-- column max_activation: the largest
-- column mean_activation: over the tokens that it fires on
-- column histogram: see analysis.feature_statistics
-- column top_tokens: see analysis.feature_statistics
-- column top_token_share: see analysis.feature_statistics
-- column token_entropy: see analysis.feature_statistics
WITH firings AS (
    SELECT
        feature_id,
        unnest(positions) AS position,
        unnest(activations) AS activation,
        unnest(list_transform(positions, lambda p: tokens[p + 1])) AS token
    FROM (
        SELECT e.feature_id, e.positions, e.activations, p.tokens
        FROM staging.activation_examples e
        JOIN staging.prompts p ON p.prompt_id = e.prompt_id
        WHERE e.num_activations > 0 AND e.feature_id BETWEEN $first_feature AND $last_feature
    )
),

prompts AS (
    SELECT e.feature_id, sum(p.num_tokens)::BIGINT AS num_tokens
    FROM staging.activation_examples e
    JOIN staging.prompts p ON p.prompt_id = e.prompt_id
    WHERE e.feature_id BETWEEN $first_feature AND $last_feature
    GROUP BY e.feature_id
),

counted AS (
    SELECT
        feature_id,
        count(*) AS firing_count,
        max(activation) AS max_activation,
        -- In one order: a sum of doubles depends on it, and so would the content hash.
        list_sum(list(activation::DOUBLE ORDER BY activation)) / count(*) AS mean_activation
    FROM firings
    GROUP BY feature_id
),

bars AS (
    SELECT
        f.feature_id,
        least(floor(f.activation::DOUBLE / c.max_activation * $statistics_bins), $statistics_bins - 1)::INTEGER AS bar,
        count(*) AS count
    FROM firings f
    JOIN counted c ON c.feature_id = f.feature_id
    WHERE c.max_activation > 0
    GROUP BY f.feature_id, bar
),

histograms AS (
    SELECT feature_id, map_from_entries(list({'k': bar, 'v': count} ORDER BY bar)) AS bars
    FROM bars
    GROUP BY feature_id
),

by_token AS (
    SELECT
        feature_id,
        token,
        count(*) AS count,
        list_sum(list(activation::DOUBLE ORDER BY activation)) / count(*) AS mean,
        max(activation) AS max
    FROM firings
    GROUP BY feature_id, token
),

tokens AS (
    SELECT
        feature_id,
        list(
            {'token': token, 'count': count, 'mean': mean, 'max': max} ORDER BY count DESC, mean DESC, token
        )[:$statistics_top_tokens] AS top_tokens,
        max(count) AS top_count,
        entropy_of(list(count ORDER BY count, token)) AS token_entropy
    FROM by_token
    GROUP BY feature_id
)

SELECT
    p.feature_id,
    p.num_tokens,
    coalesce(c.firing_count, 0) AS firing_count,
    c.max_activation::DOUBLE AS max_activation,
    c.mean_activation,
    CASE
        WHEN h.bars IS NOT NULL
            THEN equal_bins(
                list_transform(range($statistics_bins), lambda i: coalesce(h.bars[i::INTEGER], 0)), c.max_activation
            )
        ELSE []
    END AS histogram,
    coalesce(t.top_tokens, []) AS top_tokens,
    t.top_count / c.firing_count AS top_token_share,
    t.token_entropy
FROM prompts p
LEFT JOIN counted c ON c.feature_id = p.feature_id
LEFT JOIN histograms h ON h.feature_id = p.feature_id
LEFT JOIN tokens t ON t.feature_id = p.feature_id
ORDER BY p.feature_id
