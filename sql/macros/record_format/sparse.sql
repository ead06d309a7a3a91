-- version: 2
-- description: A record with an id for its feature and its prompt, and [position, value] pairs:
--   {"index": "877", "dataSetPromptId": 0, "sparseValues": [[90, 105.077]]}
CREATE OR REPLACE MACRO record_format_sparse(line, beside) AS
    CASE
        WHEN may_hold(line, 'sparseValues') OR may_hold(line, 'index') OR may_hold(line, 'dataSetPromptId')
            THEN list_transform(
                [
                    TRY(
                        from_json(
                            line,
                            '{"index": "VARCHAR", "dataSetPromptId": "VARCHAR", "sparseValues": "JSON",
                                "values": "JSON"}'
                        )
                    )
                ],
                lambda r: CASE
                    WHEN r."sparseValues" IS NOT NULL
                        OR (r."values" IS NULL AND coalesce(r."index", r."dataSetPromptId") IS NOT NULL)
                        THEN {
                            'dialect': 'sparse',
                            'feature': r."index",
                            'prompt': r."dataSetPromptId",
                            'tokens': NULL::VARCHAR,
                            'numbers': r."sparseValues"::VARCHAR,
                            'num_values': NULL::BIGINT,
                            'pairs': number_pairs(r."sparseValues"),
                            'interval': NULL::STRUCT(low DOUBLE, high DOUBLE, share DOUBLE, token BIGINT),
                            'names': ['index', 'dataSetPromptId', 'sparseValues']
                        }
                END
            )[1]
    END
