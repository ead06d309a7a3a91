-- version: 2
-- description: Delphi's fuzz and detection: an LLM judges each example. It failed where `correct` is null
--   or missing, or a `prediction` that is there is null or -1.
CREATE OR REPLACE MACRO score_format_judge(method, content) AS
    CASE
        WHEN method IN ('fuzz', 'detection')
            THEN coalesce(
                list_transform(
                    TRY(
                        from_json(
                            content,
                            '[{"distance": "VARCHAR", "activating": "VARCHAR", "ground_truth": "VARCHAR",
                                "prediction": "VARCHAR", "probability": "VARCHAR", "correct": "VARCHAR"}]'
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
                            -- An item of another type parses as an object without fields: look at those again.
                            WHEN coalesce(
                                item.distance,
                                item.activating,
                                item.ground_truth,
                                item.prediction,
                                item.probability,
                                item.correct
                            ) IS NULL
                                AND is_not_object(content, i) THEN 'not an object'
                            WHEN label_problem(item.distance, coalesce(item.activating, item.ground_truth)) IS NOT NULL
                                THEN label_problem(item.distance, coalesce(item.activating, item.ground_truth))
                            WHEN item.correct NOT IN ('true', 'false') THEN 'wrong type: correct'
                            WHEN item.probability IS NOT NULL AND TRY_CAST(item.probability AS DOUBLE) IS NULL
                                THEN 'wrong type: probability'
                            WHEN lower(item.prediction) NOT IN ('true', 'false', '1', '0', '-1', '1.0', '0.0', '-1.0')
                                THEN 'wrong type: prediction'
                        END,
                        false,
                        CASE
                            WHEN item.correct IS NULL OR item.prediction IN ('-1', '-1.0') THEN 'failed'
                            -- A prediction that is null failed; one that was never written did not.
                            WHEN item.prediction IS NULL AND has_field(content, i, 'prediction') THEN 'failed'
                            WHEN item.correct = 'true' THEN 'correct'
                            ELSE 'incorrect'
                        END,
                        TRY_CAST(item.distance AS DOUBLE),
                        is_activating(item.distance, coalesce(item.activating, item.ground_truth)),
                        CASE
                            WHEN lower(item.prediction) IN ('true', '1', '1.0') THEN true
                            WHEN lower(item.prediction) IN ('false', '0', '0.0') THEN false
                        END,
                        CASE
                            WHEN TRY_CAST(item.probability AS DOUBLE) BETWEEN 0 AND 1
                                THEN TRY_CAST(item.probability AS DOUBLE)
                        END,
                        NULL,
                        NULL,
                        NULL
                    )
                ),
                unreadable_scores(content)
            )
    END
