-- version: 2
-- description: Jaccard similarity of two sets from their sizes and the size of their intersection;
--   both empty = 1, one empty = 0. The list_transform over one number computes `shared` once.
CREATE OR REPLACE MACRO jaccard(shared, size_a, size_b) AS
    CASE
        WHEN size_a + size_b = 0 THEN 1::DOUBLE
        ELSE list_transform([shared], lambda s: s / (size_a + size_b - s))[1]
    END
