-- version: 2
-- description: What is told of each latent: statistics over all of its entries, and the kept records
--   with their pairs.
-- key: feature_id
-- column num_entries: activations in the cache
-- column num_records: prompts with one
-- column num_windows: windows of windows.embedding_tokens tokens with one
-- column max_prompt_id: where the largest activation is; on a tie the first prompt, then position
-- column boundaries: see latents.boundaries
-- column bars: entries in statistics.bins equal bins from 0 to the maximum
-- column tokens: the most frequent tokens that it fires on, and those that tie with the last
-- column top_count: entries on the most frequent token
-- column token_entropy: in bits, over the tokens fired on
-- column records: the kept records, by prompt
-- column drawn: the windows that the run drew, the strongest first; null where it does not tell
WITH maxima AS (
    SELECT feature_id, max(activation) AS max_activation
    FROM part.entries
    GROUP BY feature_id
),

places AS (
    SELECT e.feature_id, min((e.prompt_id, e.position)) AS place
    FROM part.entries e
    JOIN maxima m ON m.feature_id = e.feature_id AND m.max_activation = e.activation
    GROUP BY e.feature_id
),

bars AS (
    SELECT
        e.feature_id,
        least(floor(e.activation::DOUBLE / m.max_activation * $statistics_bins), $statistics_bins - 1)::INTEGER AS bar,
        count(*) AS count
    FROM part.entries e
    JOIN maxima m ON m.feature_id = e.feature_id
    WHERE m.max_activation > 0
    GROUP BY e.feature_id, bar
),

histograms AS (
    SELECT feature_id, map_from_entries(list({'k': bar, 'v': count} ORDER BY bar)) AS bars
    FROM bars
    GROUP BY feature_id
),

ranked AS (
    SELECT *, rank() OVER (PARTITION BY feature_id ORDER BY count DESC, mean DESC) AS place
    FROM part.tokens
),

tokens AS (
    SELECT
        feature_id,
        list(
            {'token_id': token_id, 'count': count, 'mean': mean, 'max': max} ORDER BY place
        ) FILTER (place <= $statistics_top_tokens) AS tokens,
        max(count) AS top_count,
        entropy_of(list(count ORDER BY count, token_id)) AS token_entropy
    FROM ranked
    GROUP BY feature_id
),

pairs AS (
    SELECT
        e.feature_id,
        e.prompt_id,
        list(e.position ORDER BY e.position) AS positions,
        list(e.activation ORDER BY e.position) AS activations
    FROM part.entries e
    SEMI JOIN part.kept k ON k.feature_id = e.feature_id AND k.prompt_id = e.prompt_id
    GROUP BY e.feature_id, e.prompt_id
),

records AS (
    SELECT
        feature_id,
        list({'prompt_id': prompt_id, 'positions': positions, 'activations': activations} ORDER BY prompt_id) AS records
    FROM pairs
    GROUP BY feature_id
),

counted AS (
    SELECT
        feature_id,
        sum(num_activations)::BIGINT AS num_entries,
        count(*) AS num_records,
        sum(num_windows)::BIGINT AS num_windows,
        sum(total) AS total
    FROM part.records
    GROUP BY feature_id
)

SELECT
    c.feature_id,
    c.num_entries,
    c.num_records,
    c.num_windows,
    c.total,
    m.max_activation,
    p.place[1] AS max_prompt_id,
    p.place[2] AS max_position,
    b.boundaries,
    list_transform(range($statistics_bins), lambda i: coalesce(h.bars[i::INTEGER], 0)::BIGINT) AS bars,
    t.tokens,
    t.top_count,
    t.token_entropy,
    r.records,
    d.drawn
FROM counted c
JOIN maxima m ON m.feature_id = c.feature_id
JOIN places p ON p.feature_id = c.feature_id
JOIN part.boundaries b ON b.feature_id = c.feature_id
LEFT JOIN histograms h ON h.feature_id = c.feature_id
JOIN tokens t ON t.feature_id = c.feature_id
JOIN records r ON r.feature_id = c.feature_id
LEFT JOIN part.drawn d ON d.feature_id = c.feature_id
ORDER BY c.feature_id
