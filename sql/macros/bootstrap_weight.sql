-- version: 1
-- description: How often resample number `replicate` holds the unit `unit`: a Poisson(1) count, which is
--   what drawing as many units with replacement comes to (Chamandy et al. 2012, Poisson bootstrap). It is
--   taken from a hash, so that the same seed gives the same resamples.
CREATE OR REPLACE MACRO bootstrap_weight(seed, replicate, unit) AS
    len(
        list_filter(
            [0.36787944, 0.73575888, 0.91969860, 0.98101184, 0.99634015, 0.99940582, 0.99991676],
            lambda bound: (md5_number_lower(concat_ws(' ', seed, replicate, unit)) % 4294967296) / 4294967296 >= bound
        )
    )
