-- version: 5
-- description: One row per explanation file, kept, quarantined or outside scope.features.
-- key: file
-- incremental: file
-- column dialect: JSON string, or plain text
-- column text: the explanation: a JSON string decoded, else the file's text
WITH read AS (
    SELECT
        file,
        source,
        text AS content,
        reading_problem(problem, $input_max_record_mb, $input_max_expansion) AS problem,
        file_feature_id(file) AS feature_id
    FROM raw.explanations
),

decoded AS (
    SELECT
        *,
        CASE
            WHEN TRY(json_type(content)) = 'VARCHAR' THEN json_extract_string(content, '$')
            ELSE trim_space(content)
        END AS explanation
    FROM read
),

checked AS (
    SELECT
        *,
        CASE
            WHEN problem IS NOT NULL THEN problem
            WHEN file_id_problem(feature_id) IS NOT NULL THEN file_id_problem(feature_id)
            WHEN NOT json_valid(content) AND regexp_full_match(content, '(?s)\s*"(\\.|[^"\\])*"\s*')
                THEN 'not JSON'
            WHEN NOT json_valid(content) AND regexp_full_match(content, '(?s)\s*"(\\.|[^"\\])*\\?')
                THEN 'truncated file'
            WHEN trim_space(explanation) IN ('', 'Explanation could not be parsed.', 'No explanation found')
                THEN 'no explanation in the file'
            -- A phrase's place is a 16-bit number; so many phrases take at least 131,073 characters.
            WHEN length(explanation) > 131072 AND len(split_phrases(explanation, $phrases_words::VARCHAR[])) > 65536
                THEN 'more than 65,536 phrases'
        END AS bad
    FROM decoded
),

placed AS (
    SELECT
        *,
        CASE
            WHEN feature_id IS NOT NULL AND NOT in_scope(feature_id, $scope_features)
                THEN 'outside scope'
            WHEN bad IS NOT NULL THEN 'quarantined'
            ELSE 'kept'
        END AS status
    FROM checked
)

SELECT
    file,
    source,
    feature_id,
    CASE WHEN TRY(json_type(content)) = 'VARCHAR' THEN 'JSON string' ELSE 'plain text' END AS dialect,
    status,
    CASE WHEN status = 'quarantined' THEN bad END AS reason,
    CASE WHEN status = 'kept' THEN explanation END AS text,
    CASE WHEN status = 'quarantined' THEN content END AS raw
FROM placed
