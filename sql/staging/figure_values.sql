-- version: 3
-- description: One row per value of a user's own figures and tags (raw/figures/), and one per row that was
--   refused. Beside feature_id, sae_id, llm_explainer and scorer every column is one: a figure if most
--   of its values are numbers or booleans, else a tag.
-- key: file, line, name
-- column name: <file's name>.<column>; null of a refused row, and of a row without values
-- column llm_explainer: full name; null where the value is the feature's own
-- column scorer: full name; null where the value is of no scorer
-- column figure: the number, of a boolean 1 or 0
-- column tag: the string
-- column status: kept, quarantined, outside scope
WITH lines AS (
    SELECT file, line, text, problem FROM raw.figure_lines
    UNION ALL
    SELECT file, line, text, problem FROM raw.figure_tables
),

parsed AS (
    SELECT
        file,
        line,
        text,
        reading_problem(problem, $input_max_record_mb, $input_max_expansion) AS problem,
        regexp_extract(file, '([^/]+)\.[^./]+$', 1) AS name,
        ends_with(file, '.csv') AS is_csv,
        CASE
            WHEN problem IS NULL
            THEN TRY(
                from_json(
                    text,
                    '{"feature_id": "VARCHAR", "sae_id": "VARCHAR", "llm_explainer": "VARCHAR", "scorer": "VARCHAR"}'
                )
            )
        END AS key
    FROM lines
),

-- Every name by itself, so that what is wrong with it here is not told before its own audit does.
features AS (
    SELECT feature_id FROM staging.activation_examples
    UNION
    SELECT feature_id FROM staging.explanations
),

explainers AS (
    SELECT DISTINCT n.short AS explainer_short, n.full_name AS explainer
    FROM staging.model_names n
    SEMI JOIN staging.sources s ON s.explainer_short = n.short
),

scorers AS (
    SELECT DISTINCT n.short AS scorer_short, n.full_name AS scorer
    FROM staging.model_names n
    SEMI JOIN staging.sources s ON s.scorer_short = n.short
),

saes AS (
    SELECT sae_id FROM staging.run_configs
    UNION
    SELECT sae_id FROM staging.exports
    UNION
    SELECT sae_name($sae_id) AS sae_id
),

keyed AS (
    SELECT
        p.*,
        feature_id_in(p.key.feature_id) AS feature_id,
        x.explainer,
        o.scorer,
        CASE
            WHEN p.problem IS NOT NULL THEN p.problem
            WHEN json_object_problem(p.text) IS NOT NULL THEN json_object_problem(p.text)
            WHEN p.key.feature_id IS NULL THEN 'missing field: feature_id'
            WHEN NOT regexp_full_match(p.key.feature_id, '[0-9]{1,10}') THEN 'wrong type: feature_id'
            WHEN in_scope(p.key.feature_id::BIGINT, $scope_features) AND f.feature_id IS NULL THEN 'unknown feature'
            WHEN nullif(p.key.sae_id, '') IS NOT NULL
                AND sae_name(p.key.sae_id) NOT IN (SELECT sae_id FROM saes WHERE sae_id IS NOT NULL)
                THEN 'another SAE'
            WHEN nullif(p.key.llm_explainer, '') IS NOT NULL AND x.explainer IS NULL THEN 'unknown explainer'
            WHEN nullif(p.key.scorer, '') IS NOT NULL AND o.scorer IS NULL THEN 'unknown scorer'
        END AS bad
    FROM parsed p
    LEFT JOIN features f ON f.feature_id = TRY_CAST(p.key.feature_id AS BIGINT)
    LEFT JOIN explainers x ON p.key.llm_explainer IN (x.explainer, x.explainer_short)
    LEFT JOIN scorers o ON p.key.scorer IN (o.scorer, o.scorer_short)
),

numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY name, feature_id, explainer, scorer, bad IS NULL ORDER BY file, line) AS place
    FROM keyed
),

unnested AS (
    SELECT n.file, n.line, n.name, n.is_csv, unnest(json_keys(n.text)) AS field, n.text
    FROM numbered n
    WHERE n.bad IS NULL
),

-- A CSV holds strings: what they say decides.
typed AS (
    SELECT
        file,
        line,
        name,
        field,
        json_type(item) AS type,
        json_extract_string(item, '$') AS text,
        CASE
            WHEN json_type(item) IN ('BOOLEAN', 'BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE') OR is_csv
                THEN CASE lower(json_extract_string(item, '$'))
                    WHEN 'true' THEN 1
                    WHEN 'false' THEN 0
                    ELSE TRY_CAST(json_extract_string(item, '$') AS DOUBLE)
                END
        END AS figure
    FROM (
        SELECT *, json_extract(text, '$."' || replace(field, '"', '\"') || '"') AS item
        FROM unnested
        WHERE field NOT IN ('feature_id', 'sae_id', 'llm_explainer', 'scorer')
    )
    WHERE json_type(item) <> 'NULL' AND NOT (is_csv AND json_extract_string(item, '$') = '')
),

columns AS (
    SELECT file, field, count(figure) * 2 >= count(*) AS is_figure
    FROM typed
    GROUP BY file, field
),

judged AS (
    SELECT
        t.file,
        t.line,
        t.name || '.' || t.field AS name,
        CASE WHEN c.is_figure THEN t.figure END AS figure,
        CASE WHEN NOT c.is_figure THEN t.text END AS tag,
        CASE
            WHEN c.is_figure AND t.figure IS NULL OR NOT c.is_figure AND t.type NOT IN ('VARCHAR')
                THEN 'wrong type: ' || t.field
            WHEN c.is_figure AND NOT isfinite(t.figure) THEN 'value not finite: ' || t.field
        END AS bad
    FROM typed t
    JOIN columns c ON c.file = t.file AND c.field = t.field
),

refused AS (
    SELECT file, line, min(bad) AS bad
    FROM judged
    WHERE bad IS NOT NULL
    GROUP BY file, line
),

placed AS (
    SELECT
        n.file,
        n.line,
        n.text,
        n.feature_id,
        n.explainer,
        n.scorer,
        coalesce(
            n.bad,
            CASE WHEN n.place > 1 THEN 'duplicate (feature, explainer, scorer)' END,
            r.bad
        ) AS reason,
        n.feature_id IS NOT NULL AND NOT in_scope(n.feature_id, $scope_features) AS is_outside
    FROM numbered n
    LEFT JOIN refused r ON r.file = n.file AND r.line = n.line
)

SELECT
    p.file,
    p.line,
    CASE WHEN p.is_outside THEN 'outside scope' WHEN p.reason IS NOT NULL THEN 'quarantined' ELSE 'kept' END AS status,
    CASE WHEN NOT p.is_outside THEN p.reason END AS reason,
    CASE WHEN NOT p.is_outside AND p.reason IS NOT NULL THEN rtrim(p.text, chr(10) || chr(13)) END AS raw,
    p.feature_id,
    p.explainer AS llm_explainer,
    p.scorer,
    j.name,
    j.figure,
    j.tag
FROM placed p
LEFT JOIN judged j ON j.file = p.file AND j.line = p.line AND p.reason IS NULL AND NOT p.is_outside
ORDER BY p.feature_id, j.name, p.file, p.line
