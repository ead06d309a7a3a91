-- version: 1
-- description: The 0.975 quantile of Student's t: half the width of a 95 % interval in standard errors.
--   From 3 degrees of freedom on by expansion about the normal quantile (Abramowitz and Stegun 26.7.5),
--   at most 0.8 % off; null without a degree of freedom.
CREATE OR REPLACE MACRO t_quantile(degrees) AS
    CASE
        WHEN degrees >= 3
            THEN 1.959963984540054::DOUBLE + 2.372271::DOUBLE / degrees + 2.822499::DOUBLE / degrees ^ 2
                + 2.555850::DOUBLE / degrees ^ 3
        WHEN degrees = 2 THEN 4.302652729911275::DOUBLE
        WHEN degrees = 1 THEN 12.706204736174704::DOUBLE
    END
