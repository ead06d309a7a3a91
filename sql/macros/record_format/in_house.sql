-- version: 2
-- description: A record with an object for each pair:
--   {"feature_id": 877, "prompt_id": 0, "activations": [{"token_position": 90, "activation_value": 105.077}]}
CREATE OR REPLACE MACRO record_format_in_house(line, beside) AS
    CASE
        WHEN may_hold(line, 'feature_id') OR may_hold(line, 'prompt_id') OR may_hold(line, 'activations')
            THEN list_transform(
                [
                    TRY(
                        from_json(
                            line,
                            '{"feature_id": "VARCHAR", "prompt_id": "VARCHAR", "activations": "JSON",
                                "index": "VARCHAR", "dataSetPromptId": "VARCHAR", "sparseValues": "JSON",
                                "values": "JSON"}'
                        )
                    )
                ],
                lambda r: CASE
                    WHEN coalesce(r.feature_id, r.prompt_id, r.activations::VARCHAR) IS NOT NULL
                        AND coalesce(
                            r."index", r."dataSetPromptId", r."sparseValues"::VARCHAR, r."values"::VARCHAR
                        ) IS NULL
                        THEN {
                            'dialect': 'in-house',
                            'feature': r.feature_id,
                            'prompt': r.prompt_id,
                            'tokens': NULL::VARCHAR,
                            'numbers': r.activations::VARCHAR,
                            'num_values': NULL::BIGINT,
                            'pairs': number_pairs(
                                CASE
                                    WHEN json_type(r.activations) = 'ARRAY'
                                        THEN to_json(list_transform(
                                            from_json(
                                                r.activations,
                                                '[{"token_position": "JSON", "activation_value": "JSON"}]'
                                            ),
                                            lambda a: [a.token_position, a.activation_value]
                                        ))
                                    ELSE r.activations
                                END
                            ),
                            'interval': NULL::STRUCT(low DOUBLE, high DOUBLE, share DOUBLE, token BIGINT),
                            'names': ['feature_id', 'prompt_id', 'activations']
                        }
                END
            )[1]
    END
