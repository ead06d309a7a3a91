-- version: 8
-- description: One row per activation record, kept, merged, quarantined or outside scope.features,
--   sorted by (feature, prompt). A format (sql/macros/record_format/) reads a line, record_problem
--   checks it, this model places it.
-- key: file, line
-- column dialect: the format that the record is written in
-- column status: kept, merged (it repeats a kept record with equal values), quarantined, outside scope
-- column reason: why it is quarantined
-- column raw: the text of the line, of quarantined records only
-- column interval: the exporter's interval of values that the record was chosen for
-- column positions: 0-based token positions, in the record's order
-- column activations: the values at those positions, float32
-- column max_position: position of the largest value; on a tie the first in the record
WITH lines AS (
    SELECT
        a.file,
        a.line,
        a.text,
        reading_problem(a.problem, $input_max_record_mb, $input_max_expansion) AS problem,
        CASE WHEN a.problem IS NULL THEN record_format(a.text, z.text) END AS record
    FROM raw.activations a
    LEFT JOIN raw.activation_ids z
        ON regexp_replace(z.file, '([^/]+)$', 'v2/\1') = a.file AND z.line = a.line
),

typed AS (
    SELECT
        l.*,
        feature_id_in(l.record.feature) AS feature_id,
        CASE
            WHEN l.record.tokens IS NOT NULL THEN t.prompt_id
            WHEN regexp_full_match(l.record.prompt, '-?[0-9]{1,18}') THEN TRY_CAST(l.record.prompt AS BIGINT)
        END AS prompt_id,
        list_transform(l.record.pairs, lambda p: p[1]) AS positions,
        list_transform(l.record.pairs, lambda p: p[2]) AS activations,
        list_transform(l.record.pairs, lambda p: len(p)) AS lengths
    FROM lines l
    LEFT JOIN staging.record_prompts t ON t.tokens_key = text_key(l.record.tokens)
),

checked AS (
    SELECT
        t.*,
        coalesce(
            t.problem,
            record_problem(
                t.text, t.record, t.feature_id, t.prompt_id, t.positions, t.activations, t.lengths, p.num_tokens,
                EXISTS (FROM staging.prompt_records)
            )
        ) AS bad
    FROM typed t
    LEFT JOIN staging.prompts p ON p.prompt_id = t.prompt_id
),

-- What is kept until the last record is read, no wider than it must be.
held AS MATERIALIZED (
    SELECT
        file,
        line,
        record.dialect AS dialect,
        record.interval AS interval,
        text,
        feature_id,
        prompt_id,
        bad,
        CASE WHEN bad IS NULL THEN TRY_CAST(positions AS INTEGER[]) END AS positions,
        CASE WHEN bad IS NULL THEN TRY_CAST(activations AS FLOAT[]) END AS activations
    FROM checked
),

-- Few occur twice: those are looked up, so that nothing wide is sorted for them.
repeated AS (
    SELECT feature_id, prompt_id, min((natural_key(file), line)) AS first
    FROM held
    WHERE bad IS NULL
    GROUP BY feature_id, prompt_id
    HAVING count(*) > 1
),

first_values AS (
    SELECT r.feature_id, r.prompt_id, r.first, h.positions, h.activations
    FROM held h
    JOIN repeated r
        ON r.feature_id = h.feature_id AND r.prompt_id = h.prompt_id AND r.first = (natural_key(h.file), h.line)
    WHERE h.bad IS NULL
),

-- An exporter that chooses examples by intervals writes a prompt once for each: that is no mistake.
placed AS (
    SELECT
        h.* EXCLUDE (bad),
        CASE
            WHEN h.bad IS NOT NULL THEN h.bad
            WHEN (natural_key(h.file), h.line) = r.first THEN NULL
            WHEN h.interval IS NOT NULL AND h.positions = r.positions AND h.activations = r.activations THEN 'merged'
            WHEN r.first IS NOT NULL THEN 'duplicate (feature, prompt)'
        END AS reason
    FROM held h
    LEFT JOIN first_values r ON r.feature_id = h.feature_id AND r.prompt_id = h.prompt_id
),

stated AS (
    SELECT
        *,
        CASE
            WHEN feature_id IS NOT NULL AND NOT in_scope(feature_id, $scope_features) THEN 'outside scope'
            WHEN reason = 'merged' THEN 'merged'
            WHEN reason IS NOT NULL THEN 'quarantined'
            ELSE 'kept'
        END AS status
    FROM placed
)

SELECT
    file,
    line,
    dialect,
    status,
    CASE WHEN status = 'quarantined' THEN reason END AS reason,
    CASE WHEN status = 'quarantined' THEN rtrim(text, chr(10) || chr(13)) END AS raw,
    CASE WHEN status IN ('kept', 'merged') THEN interval END AS interval,
    feature_id,
    prompt_id,
    CASE WHEN status = 'kept' THEN positions END AS positions,
    CASE WHEN status = 'kept' THEN activations END AS activations,
    CASE WHEN status = 'kept' THEN len(activations)::INTEGER END AS num_activations,
    CASE WHEN status = 'kept' THEN list_max(activations) END AS max_activation,
    CASE
        WHEN status = 'kept' AND len(activations) > 0
            THEN positions[list_position(activations, list_max(activations))]::INTEGER
    END AS max_position
FROM stated
ORDER BY feature_id NULLS LAST, prompt_id NULLS LAST, file, line
