-- version: 1
-- description: The mean of a JSON list of numbers; null where it is empty or holds one that is not finite.
CREATE OR REPLACE MACRO mean_of_json(numbers) AS
    list_transform(
        [TRY(from_json(numbers, '["DOUBLE"]'))],
        lambda values: CASE
            WHEN len(values) > 0 AND list_count(values) = len(values) AND isfinite(list_sum(values))
                THEN list_avg(values)
        END
    )[1]
