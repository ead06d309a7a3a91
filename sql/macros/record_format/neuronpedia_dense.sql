-- version: 2
-- description: A record that holds its prompt's tokens and a value for each, of Neuronpedia's batches
--   and of SAEDashboard's: {"index": 877, "tokens": ["The"], "values": [0.0], "binMin": -1}
CREATE OR REPLACE MACRO record_format_neuronpedia_dense(line, beside) AS
    CASE
        WHEN may_hold(line, 'values')
            THEN list_transform(
                [
                    TRY(
                        from_json(
                            line,
                            '{"index": "VARCHAR", "tokens": "JSON", "values": "JSON", "sparseValues": "JSON",
                                "binMin": "VARCHAR", "binMax": "VARCHAR", "binContains": "VARCHAR",
                                "qualifyingTokenIndex": "VARCHAR"}'
                        )
                    )
                ],
                lambda r: CASE
                    WHEN r."values" IS NOT NULL AND r."sparseValues" IS NULL
                        THEN {
                            'dialect': 'Neuronpedia v1',
                            'feature': r."index",
                            'prompt': NULL::VARCHAR,
                            'tokens': r.tokens::VARCHAR,
                            'numbers': r."values"::VARCHAR,
                            'num_values': TRY(json_array_length(r."values"))::BIGINT,
                            'pairs': CASE
                                WHEN regexp_full_match(r."values"::VARCHAR, '[-+0-9eE.,\[\]\s]*')
                                    THEN dense_pairs(TRY(from_json(r."values", '["DOUBLE"]')))
                            END,
                            'interval': CASE
                                WHEN coalesce(r."binMin", r."binContains", r."qualifyingTokenIndex") IS NOT NULL
                                    THEN {
                                        'low': TRY_CAST(r."binMin" AS DOUBLE),
                                        'high': TRY_CAST(r."binMax" AS DOUBLE),
                                        'share': TRY_CAST(r."binContains" AS DOUBLE),
                                        'token': TRY_CAST(r."qualifyingTokenIndex" AS BIGINT)
                                    }
                            END,
                            'names': ['index', 'tokens', 'values']
                        }
                END
            )[1]
    END
