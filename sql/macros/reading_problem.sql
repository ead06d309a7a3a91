-- version: 1
-- description: Why a record could not be read, in words; `problem` as warehouse/read tells it,
--   the bounds as the settings give them.
CREATE OR REPLACE MACRO reading_problem(problem, max_record_mb, max_expansion) AS
    CASE problem
        WHEN 'too long' THEN format('longer than input.max_record_mb = {:g}', max_record_mb)
        WHEN 'expands' THEN format('truncated file: it grows more than input.max_expansion = {:g} times', max_expansion)
        ELSE problem
    END
