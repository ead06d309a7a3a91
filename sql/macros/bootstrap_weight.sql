-- version: 2
-- description: How often resample number `replicate` holds the unit `unit`: a Poisson(1) count, which is
--   what drawing as many units with replacement comes to (Chamandy et al. 2012, Poisson bootstrap). It is
--   taken from a hash, so that the same seed gives the same resamples. The list_transform over one value
--   computes the hash once.
CREATE OR REPLACE MACRO bootstrap_weight(seed, replicate, unit) AS
    list_transform(
        [(md5_number_lower(concat_ws(' ', seed, replicate, unit)) % 4294967296) / 4294967296],
        lambda share:
            (share >= 0.36787944)::INTEGER + (share >= 0.73575888)::INTEGER + (share >= 0.91969860)::INTEGER
            + (share >= 0.98101184)::INTEGER + (share >= 0.99634015)::INTEGER + (share >= 0.99940582)::INTEGER
            + (share >= 0.99991676)::INTEGER
    )[1]
