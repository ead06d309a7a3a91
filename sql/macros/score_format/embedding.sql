-- version: 2
-- description: Delphi's embedding: `similarity` of an explanation with each example.
CREATE OR REPLACE MACRO score_format_embedding(method, content) AS
    CASE
        WHEN method = 'embedding'
            THEN coalesce(
                list_transform(
                    TRY(
                        from_json(
                            content,
                            '[{"distance": "VARCHAR", "activating": "VARCHAR", "ground_truth": "VARCHAR",
                                "similarity": "VARCHAR"}]'
                        )
                    ),
                    lambda item, i: scored_item(
                        CASE
                            WHEN item.ground_truth IS NOT NULL
                                THEN 'Delphi before 2025-02 (ground_truth)'
                            ELSE 'Delphi'
                        END,
                        CASE
                            WHEN item IS NULL THEN 'not an object'
                            WHEN coalesce(item.distance, item.activating, item.ground_truth, item.similarity) IS NULL
                                AND is_not_object(content, i) THEN 'not an object'
                            WHEN label_problem(item.distance, coalesce(item.activating, item.ground_truth)) IS NOT NULL
                                THEN label_problem(item.distance, coalesce(item.activating, item.ground_truth))
                            WHEN item.similarity IS NOT NULL AND TRY_CAST(item.similarity AS DOUBLE) IS NULL
                                THEN 'wrong type: similarity'
                            WHEN coalesce(item.activating, item.ground_truth, item.distance) IS NULL
                                THEN 'missing field: distance'
                            WHEN item.similarity IS NULL AND NOT has_field(content, i, 'similarity')
                                THEN 'missing field: similarity'
                        END,
                        false,
                        CASE WHEN isfinite(TRY_CAST(item.similarity AS DOUBLE)) THEN 'scored' ELSE 'failed' END,
                        TRY_CAST(item.distance AS DOUBLE),
                        is_activating(item.distance, coalesce(item.activating, item.ground_truth)),
                        NULL,
                        NULL,
                        CASE
                            WHEN isfinite(TRY_CAST(item.similarity AS DOUBLE))
                                THEN TRY_CAST(item.similarity AS DOUBLE)
                        END,
                        NULL,
                        NULL
                    )
                ),
                unreadable_scores(content)
            )
    END
