-- version: 1
-- description: Half the width of the 95 % t interval of a mean, from the sample standard deviation of
--   its values and their number; null for one value.
CREATE OR REPLACE MACRO mean_margin(deviation, total) AS
    t_quantile(total - 1) * deviation / sqrt(total)
