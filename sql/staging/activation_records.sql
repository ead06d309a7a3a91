-- version: 1
-- description: One row per activation record, kept, quarantined or outside scope.features, sorted by
--   (feature, prompt).
-- key: file, line
-- column status: kept, quarantined, outside scope
-- column reason: why it is quarantined
-- column raw: the line as it stood, of quarantined records only
-- column positions: 0-based token positions, in the record's order
-- column activations: the values at those positions, float32
-- column max_position: position of the largest value; on a tie the first in the record
WITH parsed AS (
    SELECT
        file,
        line,
        text,
        problem,
        CASE
            WHEN problem IS NULL
                THEN TRY(from_json(text, '{"index": "VARCHAR", "dataSetPromptId": "VARCHAR", "sparseValues": "JSON"}'))
        END AS record
    FROM raw.activations
),

fields AS (
    SELECT
        file,
        line,
        text,
        problem,
        record,
        CASE
            WHEN regexp_full_match(record."index", '[0-9]{1,10}')
                THEN TRY_CAST(record."index" AS BIGINT)
        END AS feature_id,
        CASE
            WHEN regexp_full_match(record."dataSetPromptId", '-?[0-9]{1,18}')
                THEN TRY_CAST(record."dataSetPromptId" AS BIGINT)
        END AS prompt_id,
        CASE
            WHEN record."sparseValues" IS NULL THEN []::DOUBLE[][]
            WHEN regexp_full_match(record."sparseValues"::VARCHAR, '[-+0-9eE.,\[\]\s]*')
                THEN TRY(from_json(record."sparseValues", '[["DOUBLE"]]'))
        END AS pairs
    FROM parsed
),

columns AS (
    SELECT
        * EXCLUDE (pairs),
        pairs,
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
            WHEN c.record."sparseValues" IS NULL OR c.feature_id IS NULL OR c.prompt_id IS NULL OR c.pairs IS NULL
                THEN CASE
                    WHEN c.problem IS NOT NULL THEN c.problem
                    WHEN NOT json_valid(c.text) THEN 'not JSON'
                    WHEN json_type(c.text) <> 'OBJECT' THEN 'not an object'
                    WHEN c.record."index" IS NULL THEN 'missing field: index'
                    WHEN c.record."dataSetPromptId" IS NULL THEN 'missing field: dataSetPromptId'
                    WHEN NOT json_exists(c.text, '$.sparseValues') THEN 'missing field: sparseValues'
                    WHEN c.feature_id IS NULL OR c.feature_id > 4294967295 THEN 'wrong type: index'
                    WHEN c.prompt_id IS NULL THEN 'wrong type: dataSetPromptId'
                    WHEN c.pairs IS NULL AND regexp_matches(c.record."sparseValues"::VARCHAR, '(?i)nan|inf')
                        THEN 'value not finite'
                    WHEN c.pairs IS NULL THEN 'wrong type: sparseValues'
                    WHEN p.prompt_id IS NULL THEN 'unknown prompt id'
                END
            WHEN c.feature_id > 4294967295 THEN 'wrong type: index'
            WHEN p.prompt_id IS NULL THEN 'unknown prompt id'
            WHEN list_count(c.lengths) < len(c.pairs) THEN 'wrong type: sparseValues'
            WHEN list_min(c.lengths) <> 2 OR list_max(c.lengths) <> 2
                THEN 'lengths that do not fit: a pair is [position, value]'
            WHEN list_count(c.positions) < len(c.pairs) OR list_count(c.activations) < len(c.pairs)
                THEN 'wrong type: sparseValues'
            WHEN list_min(c.positions) < 0 THEN 'token position negative'
            WHEN list_max(c.positions) >= p.num_tokens THEN 'token position outside the prompt'
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

placed AS (
    SELECT
        * EXCLUDE (problem_found),
        CASE
            WHEN problem_found IS NOT NULL THEN problem_found
            WHEN row_number() OVER (
                PARTITION BY feature_id, prompt_id, problem_found IS NULL
                ORDER BY file, line
            ) > 1 THEN 'duplicate (feature, prompt)'
        END AS reason
    FROM checked
),

typed AS (
    SELECT
        file,
        line,
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
        CASE WHEN reason IS NULL THEN activations::FLOAT[] END AS activations
    FROM placed
)

SELECT
    file,
    line,
    status,
    CASE WHEN status = 'quarantined' THEN reason END AS reason,
    CASE WHEN status = 'quarantined' THEN rtrim(text, chr(10) || chr(13)) END AS raw,
    feature_id,
    prompt_id,
    CASE WHEN status = 'kept' THEN positions::INTEGER[] END AS positions,
    CASE WHEN status = 'kept' THEN activations END AS activations,
    CASE WHEN status = 'kept' THEN len(activations)::INTEGER END AS num_activations,
    CASE WHEN status = 'kept' THEN list_max(activations) END AS max_activation,
    CASE
        WHEN status = 'kept' AND len(activations) > 0
            THEN positions[list_position(activations, list_max(activations))]::INTEGER
    END AS max_position
FROM typed
ORDER BY feature_id NULLS LAST, prompt_id NULLS LAST, file, line
