-- version: 1
-- description: A histogram of equal bins from 0 to the largest value, from the counts of the bins.
CREATE OR REPLACE MACRO equal_bins(counts, largest) AS
    list_transform(
        counts,
        lambda c, i: {
            'low': largest::DOUBLE * (i - 1) / len(counts),
            'high': largest::DOUBLE * i / len(counts),
            'count': c::BIGINT
        }
    )
