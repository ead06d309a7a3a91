-- version: 2
-- description: Delphi's example_embedding: how much nearer a query is to activating examples than to
--   others, of a query that activates (`delta_plus`) and of one that does not (`delta_minus`).
CREATE OR REPLACE MACRO score_format_example_embedding(method, content) AS
    CASE
        WHEN method = 'example_embedding'
            THEN coalesce(
                list_transform(
                    TRY(from_json(content, '[{"delta_plus": "VARCHAR", "delta_minus": "VARCHAR"}]')),
                    lambda item, i: scored_item(
                        'Delphi',
                        CASE
                            WHEN item IS NULL THEN 'not an object'
                            WHEN coalesce(item.delta_plus, item.delta_minus) IS NULL AND is_not_object(content, i)
                                THEN 'not an object'
                            WHEN item.delta_plus IS NULL AND NOT has_field(content, i, 'delta_plus')
                                THEN 'missing field: delta_plus'
                            WHEN item.delta_minus IS NULL AND NOT has_field(content, i, 'delta_minus')
                                THEN 'missing field: delta_minus'
                            WHEN item.delta_plus IS NOT NULL AND TRY_CAST(item.delta_plus AS DOUBLE) IS NULL
                                THEN 'wrong type: delta_plus'
                            WHEN item.delta_minus IS NOT NULL AND TRY_CAST(item.delta_minus AS DOUBLE) IS NULL
                                THEN 'wrong type: delta_minus'
                        END,
                        false,
                        CASE
                            WHEN NOT coalesce(
                                isfinite(TRY_CAST(item.delta_plus AS DOUBLE))
                                    AND isfinite(TRY_CAST(item.delta_minus AS DOUBLE)),
                                false
                            )
                                THEN 'failed'
                            WHEN TRY_CAST(item.delta_plus AS DOUBLE) > TRY_CAST(item.delta_minus AS DOUBLE)
                                THEN 'correct'
                            ELSE 'incorrect'
                        END,
                        NULL,
                        NULL,
                        NULL,
                        NULL,
                        TRY_CAST(item.delta_plus AS DOUBLE),
                        TRY_CAST(item.delta_minus AS DOUBLE),
                        NULL
                    )
                ),
                unreadable_scores(content)
            )
    END
