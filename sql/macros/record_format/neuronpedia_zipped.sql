-- version: 2
-- description: A line of Neuronpedia's v2 batches, whose feature is the index of the same line of the
--   v1 batch beside it: {"dataSetPromptId": 0, "sparseValues": [[90, 105.077]]}
CREATE OR REPLACE MACRO record_format_neuronpedia_zipped(line, beside) AS
    CASE
        WHEN beside IS NOT NULL AND may_hold(line, 'sparseValues')
            THEN list_transform(
                [{
                    'r': TRY(
                        from_json(line, '{"index": "VARCHAR", "dataSetPromptId": "VARCHAR", "sparseValues": "JSON"}')
                    ),
                    'feature': TRY(from_json(beside, '{"index": "VARCHAR"}'))."index"
                }],
                lambda z: CASE
                    WHEN z.r."sparseValues" IS NOT NULL AND z.feature IS NOT NULL AND z.r."index" IS NULL
                        THEN {
                            'dialect': 'Neuronpedia v2 zipped with v1',
                            'feature': z.feature,
                            'prompt': z.r."dataSetPromptId",
                            'tokens': NULL::VARCHAR,
                            'numbers': z.r."sparseValues"::VARCHAR,
                            'num_values': NULL::BIGINT,
                            'pairs': number_pairs(z.r."sparseValues"),
                            'interval': NULL::STRUCT(low DOUBLE, high DOUBLE, share DOUBLE, token BIGINT),
                            'names': ['index', 'dataSetPromptId', 'sparseValues']
                        }
                END
            )[1]
    END
