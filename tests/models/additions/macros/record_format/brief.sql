-- version: 1
-- description: A format that the tests add, with short names: {"f": 877, "p": 0, "at": [[90, 105.077]]}
CREATE OR REPLACE MACRO record_format_brief(line, beside) AS
    CASE
        WHEN may_hold(line, 'at')
            THEN list_transform(
                [TRY(from_json(line, '{"f": "VARCHAR", "p": "VARCHAR", "at": "JSON"}'))],
                lambda r: CASE
                    WHEN r."at" IS NOT NULL
                        THEN {
                            'dialect': 'brief',
                            'feature': r.f,
                            'prompt': r.p,
                            'tokens': NULL::VARCHAR,
                            'numbers': r."at"::VARCHAR,
                            'num_values': NULL::BIGINT,
                            'pairs': number_pairs(r."at"),
                            'interval': NULL::STRUCT(low DOUBLE, high DOUBLE, share DOUBLE, token BIGINT),
                            'names': ['f', 'p', 'at']
                        }
                END
            )[1]
    END
