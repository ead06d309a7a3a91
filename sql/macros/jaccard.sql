-- version: 1
-- description: Jaccard similarity of two sets from their sizes and the size of their intersection;
--   both empty = 1, one empty = 0.
CREATE OR REPLACE MACRO jaccard(shared, size_a, size_b) AS
    CASE
        WHEN size_a + size_b = 0 THEN 1::DOUBLE
        ELSE shared / (size_a + size_b - shared)
    END
