-- version: 1
-- description: A histogram of bars whose values are their centres, or their edges where there is one
--   value more than heights.
CREATE OR REPLACE MACRO bars_as_bins(heights, bar_values) AS
    list_transform(
        heights,
        lambda h, i: CASE
            WHEN len(bar_values) > len(heights)
                THEN {'low': bar_values[i], 'high': bar_values[i + 1], 'count': h::BIGINT}
            ELSE {
                'low': bar_values[i] - (bar_values[2] - bar_values[1]) / 2,
                'high': bar_values[i] + (bar_values[2] - bar_values[1]) / 2,
                'count': h::BIGINT
            }
        END
    )
