-- version: 1
-- description: Shannon entropy in bits of what was counted: log2 n − Σ c log2 c ÷ n.
CREATE OR REPLACE MACRO entropy_of(counts) AS
    greatest(
        0,
        log2(list_sum(counts))
        - list_sum(list_transform(counts, lambda c: c * log2(c))) / list_sum(counts)
    )
