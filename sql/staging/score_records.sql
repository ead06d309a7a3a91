-- version: 5
-- description: One row per example of every score file (per group of a simulation file); one for a
--   file that could not be read or that is outside scope.features.
-- key: file, line
-- incremental: file
-- column line: 1-based place in the file's array; 1 for a file without one
-- column raw: the file as it stands, where it is quarantined as a whole
-- column outcome: correct, incorrect or failed; scored or failed where there is no right or wrong
-- column probability: the scorer's P(activating); null outside 0 to 1, as Delphi's -1 of a failed one
-- column activating: whether the example activates the feature
-- column dialect: Delphi's spelling
-- column status: kept, quarantined, outside scope
WITH read AS (
    SELECT
        file,
        source,
        method,
        text,
        reading_problem(problem, $input_max_record_mb, $input_max_expansion) AS problem,
        TRY_CAST(regexp_extract(file, '_(latent|feature)([0-9]{1,10})\.txt$', 2) AS BIGINT) AS feature_id
    FROM raw.scores
),

files AS (
    SELECT
        *,
        CASE
            WHEN feature_id IS NOT NULL AND NOT in_scope(feature_id, $scope_features)
                THEN 'outside scope'
            WHEN problem IS NOT NULL THEN problem
            WHEN feature_id IS NULL OR feature_id > 4294967295
                THEN 'no feature id: the file name must end in _latent<ID>.txt'
        END AS skipped
    FROM read
),

arrays AS (
    SELECT
        *,
        CASE
            WHEN skipped IS NULL
                THEN TRY(from_json(text, '[{"distance": "VARCHAR", "activating": "VARCHAR", "ground_truth": "VARCHAR", "prediction": "VARCHAR", "probability": "VARCHAR", "correct": "VARCHAR", "similarity": "VARCHAR", "ev_correlation_score": "VARCHAR"}]'))
        END AS parsed
    FROM files
),

-- A file without an array stands as one row without an item, so that it is read in one pass.
-- Two lists unnested side by side: WITH ORDINALITY would number the files, on one core.
unnested AS (
    SELECT
        file,
        source,
        method,
        feature_id,
        text,
        CASE WHEN parsed IS NULL THEN coalesce(skipped, json_file_problem(text)) END AS file_problem,
        unnest(coalesce(parsed, [NULL])) AS item,
        unnest(range(1, coalesce(len(parsed), 1) + 1)) AS line
    FROM arrays
),

items AS (
    SELECT
        *,
        TRY_CAST(item.distance AS DOUBLE) AS distance,
        coalesce(item.activating, item.ground_truth) AS label,
        lower(item.prediction) AS prediction,
        TRY_CAST(item.probability AS DOUBLE) AS probability,
        item.correct AS correct,
        TRY_CAST(item.similarity AS DOUBLE) AS similarity,
        TRY_CAST(item.ev_correlation_score AS DOUBLE) AS ev_correlation_score
    FROM unnested
),

checked AS (
    SELECT
        *,
        CASE
            WHEN file_problem IS NOT NULL THEN file_problem
            WHEN item IS NULL THEN 'not an object'
            -- An item of another type parses as an object without fields: look at those again.
            WHEN CASE
                WHEN coalesce(item.distance, label, item.prediction, item.probability, item.correct, item.similarity, item.ev_correlation_score) IS NULL
                    THEN coalesce(json_type(text, '$[' || (line - 1) || ']'), 'NULL') <> 'OBJECT'
            END THEN 'not an object'
            WHEN item.distance IS NOT NULL AND (distance IS NULL OR NOT isfinite(distance))
                THEN 'wrong type: distance'
            WHEN label NOT IN ('true', 'false', '1', '0') THEN 'wrong type: activating'
            WHEN method IN ('fuzz', 'detection')
                THEN CASE
                    WHEN correct NOT IN ('true', 'false') THEN 'wrong type: correct'
                    WHEN item.probability IS NOT NULL AND probability IS NULL THEN 'wrong type: probability'
                    WHEN prediction NOT IN ('true', 'false', '1', '0', '-1', '1.0', '0.0', '-1.0')
                        THEN 'wrong type: prediction'
                END
            WHEN method = 'embedding'
                THEN CASE
                    WHEN item.similarity IS NOT NULL AND similarity IS NULL THEN 'wrong type: similarity'
                    WHEN label IS NULL AND distance IS NULL THEN 'missing field: distance'
                    WHEN similarity IS NULL
                        THEN CASE
                            WHEN NOT json_exists(text, '$[' || (line - 1) || '].similarity')
                                THEN 'missing field: similarity'
                        END
                END
            WHEN distance IS NULL THEN 'missing field: distance'
            WHEN item.ev_correlation_score IS NOT NULL AND ev_correlation_score IS NULL
                THEN 'wrong type: ev_correlation_score'
            WHEN ev_correlation_score IS NULL
                THEN CASE
                    WHEN NOT json_exists(text, '$[' || (line - 1) || '].ev_correlation_score')
                        THEN 'missing field: ev_correlation_score'
                END
        END AS reason
    FROM items
),

placed AS (
    SELECT
        * EXCLUDE (reason),
        CASE
            WHEN reason = 'outside scope' THEN reason
            WHEN reason IS NOT NULL THEN 'quarantined'
            ELSE 'kept'
        END AS status,
        CASE WHEN reason <> 'outside scope' THEN reason END AS reason
    FROM checked
)

SELECT
    file,
    source,
    method,
    feature_id,
    line,
    CASE
        WHEN file_problem IS NOT NULL THEN NULL
        WHEN item.ground_truth IS NOT NULL THEN 'Delphi before 2025-02 (ground_truth)'
        WHEN method = 'simulation'
            THEN CASE WHEN contains(text, '"simulation"') THEN 'Delphi since v0.1.1 (nested)' ELSE 'Delphi' END
        ELSE 'Delphi'
    END AS dialect,
    status,
    reason,
    CASE WHEN status = 'quarantined' AND file_problem IS NOT NULL THEN text END AS raw,
    CASE
        WHEN status <> 'kept' THEN NULL
        WHEN method = 'embedding'
            THEN CASE WHEN similarity IS NULL OR NOT isfinite(similarity) THEN 'failed' ELSE 'scored' END
        WHEN method = 'simulation'
            THEN CASE WHEN ev_correlation_score IS NULL OR NOT isfinite(ev_correlation_score) THEN 'failed' ELSE 'scored' END
        WHEN correct IS NULL OR prediction IN ('-1', '-1.0') THEN 'failed'
        -- A prediction that is null failed; one that was never written did not.
        WHEN prediction IS NULL
            THEN CASE
                WHEN json_exists(text, '$[' || (line - 1) || '].prediction') THEN 'failed'
                WHEN correct = 'true' THEN 'correct'
                ELSE 'incorrect'
            END
        WHEN correct = 'true' THEN 'correct'
        ELSE 'incorrect'
    END AS outcome,
    distance,
    CASE
        WHEN status <> 'kept' THEN NULL
        WHEN label IS NOT NULL THEN label IN ('true', '1')
        WHEN method <> 'simulation' THEN distance >= 0 AND NOT signbit(distance)
    END AS activating,
    CASE
        WHEN prediction IN ('true', '1', '1.0') THEN true
        WHEN prediction IN ('false', '0', '0.0') THEN false
    END AS prediction,
    CASE WHEN probability BETWEEN 0 AND 1 THEN probability END AS probability,
    CASE WHEN isfinite(similarity) THEN similarity END AS similarity,
    CASE WHEN isfinite(ev_correlation_score) THEN ev_correlation_score END AS ev_correlation_score
FROM placed
