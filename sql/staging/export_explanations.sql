-- version: 4
-- description: One row per explanation of a Neuronpedia export, kept, quarantined or outside
--   scope.features. Their vectors are another model's and are not read.
-- key: file, line
-- column explainer: explanationModelName, followed by (typeName) where a model has several types
-- column source: what stands for (export, explainer) wherever a source is named
WITH parsed AS (
    SELECT
        file,
        line,
        text,
        reading_problem(problem, $input_max_record_mb, $input_max_expansion) AS problem,
        CASE
            WHEN problem IS NULL
                THEN TRY(
                    from_json(
                        text,
                        '{"index": "VARCHAR", "description": "JSON", "explanationModelName": "JSON",
                            "typeName": "JSON"}'
                    )
                )
        END AS item
    FROM raw.export_explanations
),

fields AS (
    SELECT
        *,
        feature_id_in(item."index") AS feature_id,
        json_extract_string(item.description, '$') AS explanation,
        coalesce(json_text(item."explanationModelName"), 'unknown') AS model,
        json_text(item."typeName") AS type
    FROM parsed
),

checked AS (
    SELECT
        *,
        CASE
            WHEN export_line_problem(problem, text, item."index", feature_id) IS NOT NULL
                THEN export_line_problem(problem, text, item."index", feature_id)
            WHEN NOT json_exists(text, '$.description') THEN 'missing field: description'
            WHEN json_type(item.description) NOT IN ('VARCHAR', 'NULL') THEN 'wrong type: description'
            WHEN
                coalesce(trim_space(explanation), '')
                IN ('', 'Explanation could not be parsed.', 'No explanation found')
                THEN 'no explanation in the file'
        END AS bad
    FROM fields
),

several AS (
    SELECT model
    FROM checked
    WHERE bad IS NULL
    GROUP BY model
    HAVING count(DISTINCT type) > 1
),

named AS (
    SELECT
        c.* EXCLUDE (model),
        c.model || CASE
            WHEN s.model IS NOT NULL AND c.type IS NOT NULL
                THEN ' (' || c.type || ')'
            ELSE ''
        END AS explainer
    FROM checked c
    LEFT JOIN several s ON s.model = c.model
),

numbered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY feature_id, explainer, bad IS NULL ORDER BY natural_key(file), line
        ) AS place
    FROM named
),

placed AS (
    SELECT
        *,
        CASE
            WHEN bad IS NOT NULL THEN bad
            WHEN place > 1 THEN 'duplicate explanation (feature, explainer)'
        END AS reason
    FROM numbered
)

SELECT
    p.file,
    p.line,
    CASE
        WHEN p.feature_id IS NOT NULL AND NOT in_scope(p.feature_id, $scope_features) THEN 'outside scope'
        WHEN p.reason IS NOT NULL THEN 'quarantined'
        ELSE 'kept'
    END AS status,
    CASE WHEN p.feature_id IS NULL OR in_scope(p.feature_id, $scope_features) THEN p.reason END AS reason,
    CASE
        WHEN p.reason IS NOT NULL AND (p.feature_id IS NULL OR in_scope(p.feature_id, $scope_features))
            THEN rtrim(p.text, chr(10) || chr(13))
    END AS raw,
    p.feature_id,
    p.explainer,
    e.export,
    e.export || '/' || p.explainer AS source,
    p.explanation AS text
FROM placed p
CROSS JOIN (SELECT min(export) AS export FROM staging.exports) e
ORDER BY p.feature_id, p.explainer
