-- version: 1
-- description: [position, value] pairs of dense values: those that are not 0.
CREATE OR REPLACE MACRO dense_pairs(dense) AS
    list_filter(
        list_transform(range(len(dense)), lambda i: [i::DOUBLE, dense[i + 1]]),
        lambda pair: pair[2] <> 0
    )
