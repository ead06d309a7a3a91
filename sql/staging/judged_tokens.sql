-- version: 1
-- description: The strings of token ids as Delphi's score files show them, where no tokenizer tells. A
--   judged window is known by its latent's activations: which they are and where in the window. It
--   counts if one text alone of the cache has them, if every activating window of its file is found
--   in the cache, and if it agrees with most other windows on each of its tokens.
-- files: staging.token_files
-- key: token_id
-- column token: null where two windows disagree
-- column num_windows: judged windows that show it
WITH items AS (
    SELECT file, unnest(range(1, len(items) + 1)) AS line, unnest(items) AS item
    FROM (
        SELECT s.file, TRY(from_json(s.text, '[{"activations": ["DOUBLE"], "str_tokens": ["VARCHAR"]}]')) AS items
        FROM raw.scores s
        SEMI JOIN staging.token_files f ON f.file = s.file
        WHERE s.problem IS NULL
    )
),

judged AS (
    SELECT i.file, i.line, r.feature_id, i.item.str_tokens AS strings, i.item.activations AS activations
    FROM items i
    JOIN staging.score_records r ON r.file = i.file AND r.line = i.line
    WHERE r.activating AND r.status = 'kept'
),

size AS (
    SELECT arg_max(size, (windows, size)) AS size
    FROM (SELECT len(activations) AS size, count(*) AS windows FROM judged GROUP BY size)
    WHERE size > 0
),

shown AS (
    SELECT
        file,
        line,
        feature_id,
        strings,
        unnest(range(len(activations)))::INTEGER AS position,
        unnest(activations)::FLOAT AS activation
    FROM judged
),

-- A pattern is one number, so that millions of windows need little memory.
patterns AS (
    SELECT
        file,
        line,
        feature_id,
        any_value(strings) AS strings,
        count(*) FILTER (activation <> 0) AS num_activations,
        bit_xor(hash(position, activation)) FILTER (activation <> 0) AS pattern
    FROM shown
    GROUP BY file, line, feature_id
),

windows AS (
    SELECT
        e.feature_id,
        e.prompt_id,
        e.position // z.size AS place,
        any_value(z.size) AS size,
        count(*) AS num_activations,
        bit_xor(hash((e.position % z.size)::INTEGER, e.activation)) AS pattern
    FROM raw.latent_entries e
    CROSS JOIN size z
    GROUP BY e.feature_id, e.prompt_id, place
),

found AS (
    SELECT p.file, p.line, p.strings, w.prompt_id, w.place, w.size
    FROM patterns p
    LEFT JOIN windows w
        ON w.feature_id = p.feature_id AND w.num_activations = p.num_activations AND w.pattern = p.pattern
),

texts AS (
    SELECT
        f.file,
        f.line,
        any_value(f.strings) AS strings,
        min(t.token_ids[f.place * f.size + 1:(f.place + 1) * f.size]) AS ids,
        max(t.token_ids[f.place * f.size + 1:(f.place + 1) * f.size]) AS other_ids
    FROM found f
    LEFT JOIN raw.latent_prompts t ON t.prompt_id = f.prompt_id
    GROUP BY f.file, f.line
),

known AS (
    SELECT file, line, ids, strings
    FROM texts
    QUALIFY ids = other_ids AND bool_and(coalesce(len(ids) = len(strings), false)) OVER (PARTITION BY file)
),

pairs AS MATERIALIZED (
    SELECT file, line, unnest(ids) AS token_id, unnest(strings) AS token
    FROM known
),

usual AS (
    SELECT token_id, token
    FROM (SELECT token_id, token, count(*) AS windows FROM pairs GROUP BY token_id, token)
    WINDOW of_id AS (PARTITION BY token_id ORDER BY windows DESC, token)
    QUALIFY row_number() OVER of_id = 1 AND windows > coalesce(lead(windows) OVER of_id, 0)
),

agreed AS (
    SELECT
        p.token_id,
        p.token,
        bool_and(u.token IS NOT NULL) OVER (PARTITION BY p.file, p.line) AS agrees
    FROM pairs p
    LEFT JOIN usual u ON u.token_id = p.token_id AND u.token = p.token
)

-- A hostile id past any vocabulary is left out: latent_prompts finds strings by their place in a list.
SELECT
    token_id,
    CASE WHEN min(token) = max(token) THEN min(token) END AS token,
    count(*) FILTER (agrees) AS num_windows
FROM agreed
WHERE token_id BETWEEN 0 AND 16777215
GROUP BY token_id
HAVING num_windows > 0
ORDER BY token_id
