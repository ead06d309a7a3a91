-- version: 8
-- description: One row per example of every score file (per group of a simulation file); one for a
--   file that could not be read or that is outside scope.features. A format
--   (sql/macros/score_format/) reads a file of its method and checks its rows, this model places them.
-- key: file, line
-- incremental: file
-- column line: 1-based place in the file's array; 1 for a file without one
-- column raw: the text of the file, where it is quarantined as a whole
-- column outcome: correct, incorrect or failed; scored or failed where there is no right or wrong; kept
--   where no format knows the method
-- column distance: quantile of an activating example, negative for others; group of a simulation
-- column probability: the scorer's P(activating); null outside 0 to 1, as Delphi's -1 of a failed one
-- column activating: whether the example activates the feature
-- column value: embedding: similarity; simulation: correlation; surprisal: mean gain; example_embedding:
--   delta_plus
-- column other_value: example_embedding: delta_minus
-- column details: the row's JSON, of methods that no format knows
-- column dialect: Delphi's spelling
-- column status: kept, quarantined, outside scope
WITH read AS (
    SELECT
        file,
        source,
        method,
        text,
        reading_problem(problem, $input_max_record_mb, $input_max_expansion) AS problem,
        file_feature_id(file) AS feature_id
    FROM raw.scores
),

files AS (
    SELECT
        *,
        CASE
            WHEN feature_id IS NOT NULL AND NOT in_scope(feature_id, $scope_features)
                THEN 'outside scope'
            ELSE coalesce(problem, file_id_problem(feature_id))
        END AS skipped
    FROM read
),

formatted AS (
    SELECT *, CASE WHEN skipped IS NULL THEN score_format(method, text) END AS items
    FROM files
),

-- A method that no format knows: its rows are kept as they are.
known AS (
    SELECT
        * EXCLUDE (items),
        CASE
            WHEN skipped IS NOT NULL
                THEN [scored_item(NULL, skipped, true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)]
            WHEN items IS NOT NULL THEN items
            WHEN NOT json_valid(text) OR json_type(text) NOT IN ('ARRAY', 'OBJECT') THEN unreadable_scores(text)
            ELSE list_transform(
                CASE WHEN json_type(text) = 'ARRAY' THEN from_json(text, '["JSON"]') ELSE [text::JSON] END,
                lambda item: scored_item(
                    'method not interpreted', NULL, false, 'kept', NULL, NULL, NULL, NULL, NULL, NULL, item::VARCHAR
                )
            )
        END AS items
    FROM formatted
),

-- Two lists unnested side by side: WITH ORDINALITY would number the files, on one core.
unnested AS (
    SELECT
        file,
        source,
        method,
        feature_id,
        text,
        unnest(items) AS item,
        unnest(range(1, len(items) + 1)) AS line
    FROM known
),

placed AS (
    SELECT
        *,
        CASE
            WHEN item.problem = 'outside scope' THEN 'outside scope'
            WHEN item.problem IS NOT NULL THEN 'quarantined'
            ELSE 'kept'
        END AS status
    FROM unnested
)

SELECT
    file,
    source,
    method,
    feature_id,
    line,
    item.dialect AS dialect,
    status,
    CASE WHEN status = 'quarantined' THEN item.problem END AS reason,
    CASE WHEN status = 'quarantined' AND item.whole THEN text END AS raw,
    CASE WHEN status = 'kept' THEN item.outcome END AS outcome,
    CASE WHEN status = 'kept' THEN item.distance END AS distance,
    CASE WHEN status = 'kept' THEN item.activating END AS activating,
    CASE WHEN status = 'kept' THEN item.prediction END AS prediction,
    CASE WHEN status = 'kept' THEN item.probability END AS probability,
    CASE WHEN status = 'kept' THEN item.value END AS value,
    CASE WHEN status = 'kept' THEN item.other END AS other_value,
    CASE WHEN status = 'kept' THEN item.details END AS details
FROM placed
