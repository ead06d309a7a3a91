-- version: 2
-- description: Delphi's simulation: groups of examples with the correlation of true and simulated
--   activations; "nan" where there is none. Distance 0 is the overall group.
CREATE OR REPLACE MACRO score_format_simulation(method, content) AS
    CASE
        WHEN method = 'simulation'
            THEN coalesce(
                list_transform(
                    TRY(
                        from_json(
                            content,
                            '[{"distance": "VARCHAR", "activating": "VARCHAR", "ground_truth": "VARCHAR",
                                "ev_correlation_score": "VARCHAR"}]'
                        )
                    ),
                    lambda item, i: scored_item(
                        CASE
                            WHEN item.ground_truth IS NOT NULL THEN 'Delphi before 2025-02 (ground_truth)'
                            WHEN contains(content, '"simulation"') THEN 'Delphi since v0.1.1 (nested)'
                            ELSE 'Delphi'
                        END,
                        CASE
                            WHEN item IS NULL THEN 'not an object'
                            WHEN coalesce(
                                item.distance, item.activating, item.ground_truth, item.ev_correlation_score
                            ) IS NULL
                                AND is_not_object(content, i) THEN 'not an object'
                            WHEN label_problem(item.distance, coalesce(item.activating, item.ground_truth)) IS NOT NULL
                                THEN label_problem(item.distance, coalesce(item.activating, item.ground_truth))
                            WHEN item.distance IS NULL THEN 'missing field: distance'
                            WHEN item.ev_correlation_score IS NOT NULL
                                AND TRY_CAST(item.ev_correlation_score AS DOUBLE) IS NULL
                                THEN 'wrong type: ev_correlation_score'
                            WHEN item.ev_correlation_score IS NULL AND NOT has_field(content, i, 'ev_correlation_score')
                                THEN 'missing field: ev_correlation_score'
                        END,
                        false,
                        CASE
                            WHEN isfinite(TRY_CAST(item.ev_correlation_score AS DOUBLE))
                                THEN 'scored'
                            ELSE 'failed'
                        END,
                        TRY_CAST(item.distance AS DOUBLE),
                        CASE
                            WHEN coalesce(item.activating, item.ground_truth) IS NOT NULL
                                THEN coalesce(item.activating, item.ground_truth) IN ('true', '1')
                        END,
                        NULL,
                        NULL,
                        CASE
                            WHEN isfinite(TRY_CAST(item.ev_correlation_score AS DOUBLE))
                                THEN TRY_CAST(item.ev_correlation_score AS DOUBLE)
                        END,
                        NULL,
                        NULL
                    )
                ),
                unreadable_scores(content)
            )
    END
