-- version: 1
-- description: Statistics of each feature over all tokens that the model read, from the first of these
--   that is there: a Delphi run's cache and firing counts, an export's features, SAELens' sparsity.
-- key: feature_id
-- column feature_id: the feature
-- column num_tokens: tokens that were read; null where it is not known
-- column firing_count: tokens that it fires on
-- column density: share of the tokens that it fires on
-- column max_activation: the largest
-- column mean_activation: over the tokens that it fires on
-- column histogram: see analysis.feature_statistics
-- column top_logits: see analysis.feature_statistics
-- column bottom_logits: see analysis.feature_statistics
-- column top_tokens: see analysis.feature_statistics
-- column top_token_share: see analysis.feature_statistics
-- column token_entropy: see analysis.feature_statistics
WITH tokens AS (
    SELECT
        l.feature_id,
        list(
            {'token': t.token, 'count': t.count, 'mean': t.mean, 'max': t.max}
            ORDER BY t.count DESC, t.mean DESC, t.token
        )[:$statistics_top_tokens] AS top_tokens
    FROM (SELECT feature_id, unnest(tokens) AS counted FROM staging.latents WHERE status = 'kept') l
    JOIN staging.token_strings s ON s.token_id = l.counted.token_id
    CROSS JOIN LATERAL (
        SELECT s.token, l.counted.count AS count, l.counted.mean AS mean, l.counted.max AS max
    ) t
    GROUP BY l.feature_id
),

cached AS (
    SELECT
        coalesce(l.feature_id, f.feature_id) AS feature_id,
        (SELECT max(num_tokens) FROM staging.latents) AS num_tokens,
        coalesce(f.firing_count, l.num_entries) AS firing_count,
        l.max_activation,
        l.total / l.num_entries AS mean_activation,
        CASE WHEN l.bars IS NOT NULL THEN equal_bins(l.bars, l.max_activation) ELSE [] END AS histogram,
        [] AS top_logits,
        [] AS bottom_logits,
        coalesce(t.top_tokens, []) AS top_tokens,
        l.top_count / l.num_entries AS top_token_share,
        l.token_entropy
    FROM (FROM staging.latents WHERE status = 'kept') l
    FULL JOIN (
        FROM staging.firing_counts
        WHERE in_scope(feature_id, $scope_features)
            AND file = (SELECT min(file) FROM staging.firing_counts WHERE reason IS NULL)
    ) f ON f.feature_id = l.feature_id
    LEFT JOIN tokens t ON t.feature_id = l.feature_id
),

-- An exporter shows some examples; the top group's upper bound is the true maximum.
largest AS (
    SELECT feature_id, max(bin_max) AS max_activation
    FROM staging.example_groups
    WHERE group_kind = 'top'
    GROUP BY feature_id
),

exported AS (
    SELECT
        f.feature_id,
        CASE WHEN len(f.bar_heights) > 0 THEN list_sum(f.bar_heights)::BIGINT END AS firing_count,
        f.density,
        greatest(f.max_activation, m.max_activation) AS max_activation,
        bars_as_bins(f.bar_heights, f.bar_values) AS histogram,
        f.top_logits,
        f.bottom_logits
    FROM staging.export_features f
    LEFT JOIN largest m ON m.feature_id = f.feature_id
    WHERE f.status = 'kept'
)

SELECT
    feature_id,
    num_tokens,
    firing_count,
    firing_count / nullif(num_tokens, 0) AS density,
    max_activation::DOUBLE AS max_activation,
    mean_activation,
    histogram,
    top_logits::STRUCT(token VARCHAR, "value" DOUBLE)[] AS top_logits,
    bottom_logits::STRUCT(token VARCHAR, "value" DOUBLE)[] AS bottom_logits,
    top_tokens,
    top_token_share,
    token_entropy
FROM cached
UNION ALL
SELECT
    feature_id,
    NULL AS num_tokens,
    firing_count,
    density,
    max_activation,
    NULL AS mean_activation,
    histogram,
    top_logits,
    bottom_logits,
    [] AS top_tokens,
    NULL AS top_token_share,
    NULL AS token_entropy
FROM exported
UNION ALL
SELECT
    feature_id,
    NULL AS num_tokens,
    NULL AS firing_count,
    density,
    NULL AS max_activation,
    NULL AS mean_activation,
    [] AS histogram,
    [] AS top_logits,
    [] AS bottom_logits,
    [] AS top_tokens,
    NULL AS top_token_share,
    NULL AS token_entropy
FROM staging.sparsity
WHERE reason IS NULL
    AND in_scope(feature_id, $scope_features)
    AND NOT EXISTS (FROM cached)
    AND NOT EXISTS (FROM exported)
ORDER BY feature_id
