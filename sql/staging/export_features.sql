-- version: 3
-- description: One row per feature of a Neuronpedia export with its statistics, kept, quarantined or
--   outside scope.features.
-- key: file, line
-- column max_activation: maxActApprox: of the examples shown
-- column density: frac_nonzero, null where it is 0: exporters write 0 for unknown too
-- column bar_values: centres of the histogram's bars, or their edges where there is one more
-- column neighbours: topkCosSim: other features with the cosine similarity of their decoder rows
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
                        '{"index": "VARCHAR", "maxActApprox": "VARCHAR", "frac_nonzero": "VARCHAR",
                            "freq_hist_data_bar_heights": "JSON", "freq_hist_data_bar_values": "JSON",
                            "pos_str": "JSON", "pos_values": "JSON", "neg_str": "JSON", "neg_values": "JSON",
                            "topkCosSimIndices": "JSON", "topkCosSimValues": "JSON"}'
                    )
                )
        END AS item
    FROM raw.export_features
),

typed AS (
    SELECT
        *,
        feature_id_in(item."index") AS feature_id,
        TRY_CAST(item."maxActApprox" AS DOUBLE) AS max_activation,
        TRY_CAST(item.frac_nonzero AS DOUBLE) AS density,
        coalesce(TRY(from_json(item.freq_hist_data_bar_heights, '["DOUBLE"]')), []) AS bar_heights,
        coalesce(TRY(from_json(item.freq_hist_data_bar_values, '["DOUBLE"]')), []) AS bar_values,
        coalesce(TRY(from_json(item.pos_str, '["VARCHAR"]')), []) AS top_tokens,
        coalesce(TRY(from_json(item.pos_values, '["DOUBLE"]')), []) AS top_values,
        coalesce(TRY(from_json(item.neg_str, '["VARCHAR"]')), []) AS bottom_tokens,
        coalesce(TRY(from_json(item.neg_values, '["DOUBLE"]')), []) AS bottom_values,
        coalesce(TRY(from_json(item."topkCosSimIndices", '["BIGINT"]')), []) AS neighbour_ids,
        coalesce(TRY(from_json(item."topkCosSimValues", '["DOUBLE"]')), []) AS neighbour_values
    FROM parsed
),

checked AS (
    SELECT
        *,
        CASE
            WHEN export_line_problem(problem, text, item."index", feature_id) IS NOT NULL
                THEN export_line_problem(problem, text, item."index", feature_id)
            WHEN item."maxActApprox" IS NOT NULL AND max_activation IS NULL THEN 'wrong type: maxActApprox'
            WHEN item.frac_nonzero IS NOT NULL AND density IS NULL THEN 'wrong type: frac_nonzero'
            WHEN NOT isfinite(max_activation) OR NOT isfinite(density) THEN 'value not finite'
            WHEN density NOT BETWEEN 0 AND 1 THEN 'wrong value: frac_nonzero is no share'
            WHEN len(bar_values) NOT IN (len(bar_heights), len(bar_heights) + 1)
                THEN 'lengths that do not fit: bars of freq_hist_data'
            WHEN len(top_tokens) <> len(top_values) OR len(bottom_tokens) <> len(bottom_values)
                THEN 'lengths that do not fit: logits'
            WHEN len(neighbour_ids) <> len(neighbour_values) THEN 'lengths that do not fit: topkCosSim'
        END AS bad
    FROM typed
),

placed AS (
    SELECT
        *,
        CASE
            WHEN bad IS NOT NULL THEN bad
            WHEN row_number() OVER (PARTITION BY feature_id, bad IS NULL ORDER BY natural_key(file), line) > 1
                THEN 'duplicate feature'
        END AS reason,
        feature_id IS NULL OR in_scope(feature_id, $scope_features) AS in_scope_of
    FROM checked
)

SELECT
    file,
    line,
    CASE WHEN NOT in_scope_of THEN 'outside scope' WHEN reason IS NOT NULL THEN 'quarantined' ELSE 'kept' END AS status,
    CASE WHEN in_scope_of THEN reason END AS reason,
    CASE WHEN in_scope_of AND reason IS NOT NULL THEN rtrim(text, chr(10) || chr(13)) END AS raw,
    feature_id,
    max_activation,
    nullif(density, 0) AS density,
    bar_heights,
    bar_values,
    list_transform(list_zip(top_tokens, top_values), lambda t: {'token': t[1], 'value': t[2]}) AS top_logits,
    list_transform(list_zip(bottom_tokens, bottom_values), lambda t: {'token': t[1], 'value': t[2]}) AS bottom_logits,
    list_transform(
        list_zip(neighbour_ids, neighbour_values), lambda t: {'feature_id': t[1], 'cosine_similarity': t[2]}
    ) AS neighbours
FROM placed
ORDER BY feature_id
