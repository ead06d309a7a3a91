-- version: 1
-- description: Delphi's intruder: an LLM finds the one of several examples that does not activate. Its
--   failures look wrong: `sample` is null or `correct_index` -1. `distance` is the chosen quantile.
CREATE OR REPLACE MACRO score_format_intruder(method, content) AS
    CASE
        WHEN method = 'intruder'
            THEN coalesce(
                list_transform(
                    TRY(from_json(content, '[{"sample": "JSON", "correct_index": "VARCHAR", "correct": "VARCHAR"}]')),
                    lambda item, i: scored_item(
                        'Delphi',
                        CASE
                            WHEN item IS NULL THEN 'not an object'
                            WHEN coalesce(item.sample::VARCHAR, item.correct_index, item.correct) IS NULL
                                AND is_not_object(content, i)
                                THEN 'not an object'
                            WHEN item.correct IS NULL AND NOT has_field(content, i, 'correct')
                                THEN 'missing field: correct'
                            WHEN item.correct NOT IN ('true', 'false') THEN 'wrong type: correct'
                            WHEN item.correct_index IS NOT NULL AND TRY_CAST(item.correct_index AS BIGINT) IS NULL
                                THEN 'wrong type: correct_index'
                        END,
                        false,
                        CASE
                            WHEN item.correct IS NULL
                                OR coalesce(json_type(item.sample), 'NULL') = 'NULL'
                                OR item.correct_index = '-1'
                                THEN 'failed'
                            WHEN item.correct = 'true' THEN 'correct'
                            ELSE 'incorrect'
                        END,
                        TRY_CAST(json_extract_string(item.sample, '$.chosen_quantile') AS DOUBLE),
                        NULL,
                        NULL,
                        NULL,
                        NULL,
                        NULL,
                        NULL
                    )
                ),
                unreadable_scores(content)
            )
    END
