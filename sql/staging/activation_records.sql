-- version: 5
-- description: One row per activation record, kept, quarantined or outside scope.features, sorted by
--   (feature, prompt).
-- key: file, line
-- column dialect: how the record is spelt
-- column status: kept, quarantined, outside scope
-- column reason: why it is quarantined
-- column raw: the line as it stood, of quarantined records only
-- column positions: 0-based token positions, in the record's order
-- column activations: the values at those positions, float32
-- column max_position: position of the largest value; on a tie the first in the record
WITH zipped AS (
    SELECT
        regexp_replace(file, '([^/]+)$', 'v2/\1') AS file,
        line,
        TRY(from_json(text, '{"index": "VARCHAR"}'))."index" AS "index"
    FROM raw.activation_ids
),

parsed AS (
    SELECT
        a.file,
        a.line,
        a.text,
        a.problem,
        z."index" AS zipped_index,
        CASE
            WHEN a.problem IS NULL
                THEN TRY(from_json(a.text, '{"index": "VARCHAR", "dataSetPromptId": "VARCHAR", "sparseValues": "JSON", "feature_id": "VARCHAR", "prompt_id": "VARCHAR", "activations": "JSON", "tokens": "JSON", "values": "JSON"}'))
        END AS record
    FROM raw.activations a
    LEFT JOIN zipped z ON z.file = a.file AND z.line = a.line
),

-- The dialects, told apart by their fields. What follows reads all of them alike.
dialects AS (
    SELECT
        *,
        CASE
            WHEN record."sparseValues" IS NOT NULL
                THEN CASE
                    WHEN zipped_index IS NULL OR record."index" IS NOT NULL THEN 'sparse'
                    ELSE 'Neuronpedia v2 zipped with v1'
                END
            WHEN record."values" IS NOT NULL THEN 'Neuronpedia v1'
            WHEN coalesce(record."index", record."dataSetPromptId") IS NULL
                AND coalesce(record.feature_id, record.prompt_id, record.activations::VARCHAR) IS NOT NULL
                THEN 'in-house'
            WHEN record IS NOT NULL THEN 'sparse'
        END AS dialect
    FROM parsed
),

spelt AS (
    SELECT
        file,
        line,
        text,
        problem,
        dialect,
        CASE dialect
            WHEN 'in-house' THEN record.feature_id
            WHEN 'Neuronpedia v2 zipped with v1' THEN zipped_index
            ELSE record."index"
        END AS feature,
        CASE dialect WHEN 'in-house' THEN record.prompt_id ELSE record."dataSetPromptId" END AS prompt,
        CASE dialect WHEN 'Neuronpedia v1' THEN record.tokens END AS tokens,
        CASE dialect
            WHEN 'in-house'
                THEN CASE
                    WHEN json_type(record.activations) = 'ARRAY'
                        THEN to_json(list_transform(
                            from_json(record.activations, '[{"token_position": "JSON", "activation_value": "JSON"}]'),
                            lambda a: [a.token_position, a.activation_value]
                        ))
                    ELSE record.activations
                END
            WHEN 'Neuronpedia v1' THEN record."values"
            ELSE record."sparseValues"
        END AS numbers,
        CASE dialect
            WHEN 'in-house' THEN ['feature_id', 'prompt_id', 'activations']
            WHEN 'Neuronpedia v1' THEN ['index', 'tokens', 'values']
            ELSE ['index', 'dataSetPromptId', 'sparseValues']
        END AS names
    FROM dialects
),

fields AS (
    SELECT
        s.* EXCLUDE (numbers),
        s.numbers,
        CASE
            WHEN regexp_full_match(s.feature, '[0-9]{1,10}') THEN TRY_CAST(s.feature AS BIGINT)
        END AS feature_id,
        CASE
            WHEN s.tokens IS NOT NULL THEN t.prompt_id
            WHEN regexp_full_match(s.prompt, '-?[0-9]{1,18}') THEN TRY_CAST(s.prompt AS BIGINT)
        END AS prompt_id,
        CASE
            WHEN s.numbers IS NULL THEN []::DOUBLE[][]
            WHEN regexp_full_match(s.numbers::VARCHAR, '[-+0-9eE.,\[\]\s]*')
                THEN CASE
                    WHEN s.dialect = 'Neuronpedia v1' THEN dense_pairs(TRY(from_json(s.numbers, '["DOUBLE"]')))
                    ELSE TRY(from_json(s.numbers, '[["DOUBLE"]]'))
                END
        END AS pairs
    FROM spelt s
    LEFT JOIN staging.record_prompts t ON t.tokens_key = text_key(s.tokens::VARCHAR)
),

columns AS (
    SELECT
        *,
        list_transform(pairs, lambda p: p[1]) AS positions,
        list_transform(pairs, lambda p: p[2]) AS activations,
        list_transform(pairs, lambda p: len(p)) AS lengths
    FROM fields
),

checked AS (
    SELECT
        c.*,
        CASE
            -- All fields are there in almost every record: only the others are parsed again.
            WHEN c.numbers IS NULL OR c.feature_id IS NULL OR c.prompt_id IS NULL OR c.pairs IS NULL
                THEN CASE
                    WHEN c.problem IS NOT NULL
                        THEN reading_problem(c.problem, $input_max_record_mb, $input_max_expansion)
                    WHEN NOT json_valid(c.text) THEN 'not JSON'
                    WHEN json_type(c.text) <> 'OBJECT' THEN 'not an object'
                    WHEN c.feature IS NULL THEN 'missing field: ' || c.names[1]
                    WHEN coalesce(c.tokens::VARCHAR, c.prompt) IS NULL THEN 'missing field: ' || c.names[2]
                    WHEN NOT json_exists(c.text, '$.' || c.names[3]) THEN 'missing field: ' || c.names[3]
                    WHEN c.feature_id IS NULL OR c.feature_id > 4294967295 THEN 'wrong type: ' || c.names[1]
                    WHEN c.prompt_id IS NULL AND $input_prompts <> '' AND c.tokens IS NOT NULL
                        THEN 'missing field: dataSetPromptId (input.prompts = "" takes the prompts from the records)'
                    WHEN c.prompt_id IS NULL THEN 'wrong type: ' || c.names[2]
                    WHEN c.pairs IS NULL AND regexp_matches(c.numbers::VARCHAR, '(?i)nan|inf')
                        THEN 'value not finite'
                    WHEN c.pairs IS NULL THEN 'wrong type: ' || c.names[3]
                    WHEN p.prompt_id IS NULL THEN 'unknown prompt id'
                END
            WHEN c.feature_id > 4294967295 THEN 'wrong type: ' || c.names[1]
            WHEN p.prompt_id IS NULL THEN 'unknown prompt id'
            WHEN list_count(c.lengths) < len(c.pairs) THEN 'wrong type: ' || c.names[3]
            WHEN list_min(c.lengths) <> 2 OR list_max(c.lengths) <> 2
                THEN 'lengths that do not fit: a pair is [position, value]'
            WHEN c.dialect = 'Neuronpedia v1' AND json_array_length(c.numbers) <> p.num_tokens
                THEN 'lengths that do not fit: a value for each token'
            WHEN list_count(c.positions) < len(c.pairs) OR list_count(c.activations) < len(c.pairs)
                THEN 'wrong type: ' || c.names[3]
            WHEN list_min(c.positions) < 0 THEN 'token position negative'
            WHEN list_max(c.positions) >= p.num_tokens THEN 'token position outside the prompt'
            WHEN list_max(c.positions) > 65535 THEN 'token position past 65535'
            WHEN c.positions <> c.positions::INTEGER[] THEN 'wrong type: token position'
            -- NaN is larger than any number in DuckDB; 3.4e38 is the largest float32.
            WHEN list_max(c.activations) > 3.4028234663852886e38
                OR list_min(c.activations) < -3.4028234663852886e38
                THEN 'value not finite'
            WHEN list_min(c.activations) < 0 THEN 'value negative'
        END AS problem_found
    FROM columns c
    LEFT JOIN staging.prompts p ON p.prompt_id = c.prompt_id
),

-- What is kept until the last record is read, no wider than it must be.
held AS MATERIALIZED (
    SELECT
        file,
        line,
        dialect,
        text,
        feature_id,
        prompt_id,
        problem_found,
        CASE WHEN problem_found IS NULL THEN TRY_CAST(positions AS INTEGER[]) END AS positions,
        CASE WHEN problem_found IS NULL THEN TRY_CAST(activations AS FLOAT[]) END AS activations
    FROM checked
),

-- Few stand twice: those are looked up, so that nothing wide is sorted for them.
repeated AS (
    SELECT feature_id, prompt_id, min((file, line)) AS first
    FROM held
    WHERE problem_found IS NULL
    GROUP BY feature_id, prompt_id
    HAVING count(*) > 1
),

placed AS (
    SELECT
        h.* EXCLUDE (problem_found),
        CASE
            WHEN h.problem_found IS NOT NULL THEN h.problem_found
            WHEN (h.file, h.line) <> r.first THEN 'duplicate (feature, prompt)'
        END AS reason
    FROM held h
    LEFT JOIN repeated r ON r.feature_id = h.feature_id AND r.prompt_id = h.prompt_id
),

typed AS (
    SELECT
        file,
        line,
        dialect,
        CASE
            WHEN feature_id IS NOT NULL AND NOT in_scope(feature_id, $scope_features)
                THEN 'outside scope'
            WHEN reason IS NOT NULL THEN 'quarantined'
            ELSE 'kept'
        END AS status,
        reason,
        text,
        feature_id,
        prompt_id,
        positions,
        activations
    FROM placed
)

SELECT
    file,
    line,
    dialect,
    status,
    CASE WHEN status = 'quarantined' THEN reason END AS reason,
    CASE WHEN status = 'quarantined' THEN rtrim(text, chr(10) || chr(13)) END AS raw,
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
FROM typed
ORDER BY feature_id NULLS LAST, prompt_id NULLS LAST, file, line
