-- version: 2
-- description: The 0.975 quantile of Student's t: half the width of a 95 % interval in standard errors.
--   From 5 degrees of freedom on by expansion about the normal quantile (Abramowitz and Stegun 26.7.5),
--   at most 0.011 % off; null without a degree of freedom.
CREATE OR REPLACE MACRO t_quantile(degrees) AS
    CASE
        WHEN degrees >= 5
            THEN 1.959963984540054::DOUBLE + 2.372271230298562::DOUBLE / degrees
                + 2.822498615739611::DOUBLE / degrees ^ 2 + 2.555849679507722::DOUBLE / degrees ^ 3
                + 1.589534053893822::DOUBLE / degrees ^ 4
        WHEN degrees = 4 THEN 2.776445105197793::DOUBLE
        WHEN degrees = 3 THEN 3.182446305283708::DOUBLE
        WHEN degrees = 2 THEN 4.302652729911275::DOUBLE
        WHEN degrees = 1 THEN 12.706204736174704::DOUBLE
    END
