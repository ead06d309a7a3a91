-- version: 1
-- description: Cosine similarities of all unordered pairs of a list's vectors, in the order (2, 1),
--   (3, 1), (3, 2), …
CREATE OR REPLACE MACRO pairwise_cosines(vectors) AS
    flatten(
        list_transform(
            range(2, len(vectors) + 1),
            lambda i: list_transform(range(1, i), lambda j: cosine(vectors[i], vectors[j])::DOUBLE)
        )
    )
