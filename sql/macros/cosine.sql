-- version: 2
-- description: Cosine similarity of two float32 vectors; a zero vector has similarity 0 to all. The
--   outer list_transform over one value computes it once: in a CASE it would be computed twice.
CREATE OR REPLACE MACRO cosine(a, b) AS
    list_transform(
        [list_cosine_similarity(a, b)],
        lambda similarity: CASE WHEN isnan(similarity) THEN 0::FLOAT ELSE similarity END
    )[1]
