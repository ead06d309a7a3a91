-- version: 1
-- description: Whether an example activates the feature: by its label, else by its distance, which is
--   negative, or -0.0, for one that does not.
CREATE OR REPLACE MACRO is_activating(distance, label) AS
    CASE
        WHEN label IS NOT NULL THEN label IN ('true', '1')
        ELSE TRY_CAST(distance AS DOUBLE) >= 0 AND NOT signbit(TRY_CAST(distance AS DOUBLE))
    END
