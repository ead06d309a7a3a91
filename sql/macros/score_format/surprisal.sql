-- version: 2
-- description: Delphi's surprisal: a language model's losses on each token with and without the
--   explanation. The value is the mean gain; lists are as long as the example, whatever its length.
CREATE OR REPLACE MACRO score_format_surprisal(method, content) AS
    CASE
        WHEN method = 'surprisal'
            THEN coalesce(
                list_transform(
                    TRY(
                        from_json(
                            content,
                            '[{"distance": "VARCHAR", "activating": "VARCHAR", "no_explanation": "JSON",
                                "explanation": "JSON"}]'
                        )
                    ),
                    lambda item, i: scored_item(
                        'Delphi',
                        CASE
                            WHEN item IS NULL THEN 'not an object'
                            WHEN coalesce(
                                item.distance, item.activating, item.no_explanation::VARCHAR, item.explanation::VARCHAR
                            ) IS NULL
                                AND is_not_object(content, i) THEN 'not an object'
                            WHEN label_problem(item.distance, item.activating) IS NOT NULL
                                THEN label_problem(item.distance, item.activating)
                            WHEN coalesce(item.activating, item.distance) IS NULL THEN 'missing field: distance'
                            WHEN item.no_explanation IS NULL AND NOT has_field(content, i, 'no_explanation')
                                THEN 'missing field: no_explanation'
                            WHEN item.explanation IS NULL AND NOT has_field(content, i, 'explanation')
                                THEN 'missing field: explanation'
                            WHEN json_type(item.no_explanation) NOT IN ('ARRAY', 'NULL')
                                THEN 'wrong type: no_explanation'
                            WHEN json_type(item.explanation) NOT IN ('ARRAY', 'NULL') THEN 'wrong type: explanation'
                        END,
                        false,
                        CASE
                            WHEN mean_of_json(item.no_explanation) - mean_of_json(item.explanation) IS NULL
                                THEN 'failed'
                            ELSE 'scored'
                        END,
                        TRY_CAST(item.distance AS DOUBLE),
                        is_activating(item.distance, item.activating),
                        NULL,
                        NULL,
                        mean_of_json(item.no_explanation) - mean_of_json(item.explanation),
                        NULL,
                        NULL
                    )
                ),
                unreadable_scores(content)
            )
    END
