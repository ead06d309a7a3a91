-- version: 1
-- description: A bound of Wilson's 95 % score interval of a share (Wilson 1927); `side` -1 or 1.
CREATE OR REPLACE MACRO wilson_bound(hits, total, side) AS
    (
        hits + 1.959963984540054::DOUBLE ^ 2 / 2
        + side * 1.959963984540054::DOUBLE
        * sqrt(hits * (total - hits)::DOUBLE / nullif(total, 0) + 1.959963984540054::DOUBLE ^ 2 / 4)
    ) / (nullif(total, 0) + 1.959963984540054::DOUBLE ^ 2)
