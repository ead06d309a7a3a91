-- version: 1
-- description: Cosine similarity of two float32 vectors; a zero vector has similarity 0 to all.
CREATE OR REPLACE MACRO cosine(a, b) AS
    CASE
        WHEN isnan(list_cosine_similarity(a, b)) THEN 0::FLOAT
        ELSE list_cosine_similarity(a, b)
    END
