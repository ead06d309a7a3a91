-- version: 4
-- description: Statistics of each feature over its kept records alone, which were selected: they say
--   nothing of how often it fires.
-- key: feature_id
-- batch_by: staging.activation_examples.feature_id
-- batch_size: 32768
-- column feature_id: the feature
-- column num_tokens: tokens of its records' prompts
-- column firing_count: tokens that it fires on
-- column max_activation: the largest
-- column mean_activation: over the tokens that it fires on
-- column histogram: see analysis.feature_statistics
-- column top_tokens: see analysis.feature_statistics
-- column top_token_share: see analysis.feature_statistics
-- column token_entropy: see analysis.feature_statistics
WITH records AS MATERIALIZED (  -- of the tokens only those that it fires on: some tenth of them
    SELECT
        e.feature_id,
        e.activations,
        e.max_activation,
        list_select(p.tokens, list_transform(e.positions, lambda p: p::BIGINT + 1)) AS tokens,
        p.num_tokens
    FROM staging.activation_examples e
    JOIN staging.prompts p ON p.prompt_id = e.prompt_id
    WHERE e.feature_id BETWEEN $first AND $last
),

-- A sum of doubles depends on their order, and so would the content hash. Activations are added as whole
-- numbers of `unit`: a power of two, so that a float within 2^26 of the largest is added exactly.
prompts AS (
    SELECT
        feature_id,
        sum(num_tokens)::BIGINT AS num_tokens,
        max(max_activation) AS max_activation,
        coalesce(2::DOUBLE ^ (floor(log2(nullif(max(max_activation), 0)::DOUBLE)) - 50), 1) AS unit
    FROM records
    GROUP BY feature_id
),

firings AS (
    SELECT
        feature_id,
        unnest(activations) AS activation,
        unnest(tokens) AS token
    FROM records
),

bars AS (
    SELECT
        f.feature_id,
        least(floor(f.activation::DOUBLE / p.max_activation * $statistics_bins), $statistics_bins - 1)::INTEGER AS bar,
        count(*) AS count
    FROM firings f
    JOIN prompts p ON p.feature_id = f.feature_id
    WHERE p.max_activation > 0
    GROUP BY f.feature_id, bar
),

-- Every bar, also those that hold nothing.
histograms AS (
    SELECT f.feature_id, list(coalesce(b.count, 0) ORDER BY f.bar) AS bars
    FROM (
        SELECT feature_id, unnest(range($statistics_bins))::INTEGER AS bar
        FROM (SELECT DISTINCT feature_id FROM bars)
    ) f
    LEFT JOIN bars b ON b.feature_id = f.feature_id AND b.bar = f.bar
    GROUP BY f.feature_id
),

by_token AS (
    SELECT
        f.feature_id,
        f.token,
        count(*) AS count,
        sum(round(f.activation::DOUBLE / p.unit)::BIGINT) AS units,
        max(f.activation) AS max
    FROM firings f
    JOIN prompts p ON p.feature_id = f.feature_id
    GROUP BY f.feature_id, f.token
),

tokens AS (
    SELECT
        t.feature_id,
        sum(t.count)::BIGINT AS firing_count,
        max(t.max)::DOUBLE AS max_activation,
        sum(t.units)::DOUBLE / sum(t.count) * any_value(p.unit) AS mean_activation,
        min({'fewer': -count, 'less': -units, 'token': token, 'max': max}, $statistics_top_tokens) AS top_tokens,
        max(count) AS top_count,
        entropy_of(list_sort(list(count))) AS token_entropy
    FROM by_token t
    JOIN prompts p ON p.feature_id = t.feature_id
    GROUP BY t.feature_id
)

SELECT
    p.feature_id,
    p.num_tokens,
    coalesce(t.firing_count, 0) AS firing_count,
    t.max_activation,
    t.mean_activation,
    coalesce(equal_bins(h.bars, t.max_activation), []) AS histogram,
    coalesce(
        list_transform(
            t.top_tokens,
            lambda t: {'token': t.token, 'count': -t.fewer, 'mean': -t.less::DOUBLE / -t.fewer * p.unit, 'max': t.max}
        ),
        []
    ) AS top_tokens,
    t.top_count / t.firing_count AS top_token_share,
    t.token_entropy
FROM prompts p
LEFT JOIN histograms h ON h.feature_id = p.feature_id
LEFT JOIN tokens t ON t.feature_id = p.feature_id
ORDER BY p.feature_id
