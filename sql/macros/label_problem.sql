-- version: 1
-- description: What is wrong with an example's distance, and with its label as a JSON value's text.
CREATE OR REPLACE MACRO label_problem(distance, label) AS
    CASE
        WHEN distance IS NOT NULL AND NOT coalesce(isfinite(TRY_CAST(distance AS DOUBLE)), false)
            THEN 'wrong type: distance'
        WHEN label NOT IN ('true', 'false', '1', '0') THEN 'wrong type: activating'
    END
