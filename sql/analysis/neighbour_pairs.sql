-- version: 1
-- description: Pairs of an explained feature's and a selected neighbour's examples, the first of each
--   quantile's sample, with the cosine similarity of their windows.
-- key: model, feature_id, neighbour_order, sample_order, neighbour_sample_order
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column neighbour_order: 1-based place among the selected neighbours
-- column neighbour_id: the neighbour's feature id
-- column sample_order: the example's place in the feature's sample
-- column prompt_id: prompt of the feature's example
-- column quantile: quantile of the feature's example
-- column neighbour_sample_order: the example's place in the neighbour's sample
-- column neighbour_prompt_id: prompt of the neighbour's example
-- column neighbour_quantile: quantile of the neighbour's example
-- column similarity: cosine similarity of the two windows
WITH embedded AS (
    SELECT v.model, s.feature_id, s.prompt_id, s.quantile, s.sample_order, v.vector
    FROM analysis.samples s
    SEMI JOIN (
        SELECT feature_id FROM analysis.selected_neighbours
        UNION
        SELECT neighbour_id AS feature_id FROM analysis.selected_neighbours
    ) n ON n.feature_id = s.feature_id
    JOIN texts.windows t ON t.feature_id = s.feature_id AND t.prompt_id = s.prompt_id
    JOIN vectors.windows v ON v.text_key = t.text_key
    WHERE s.rank <= $interfeature_per_quantile
)

SELECT
    a.model,
    n.feature_id,
    n.neighbour_order,
    n.neighbour_id,
    a.sample_order,
    a.prompt_id,
    a.quantile,
    b.sample_order AS neighbour_sample_order,
    b.prompt_id AS neighbour_prompt_id,
    b.quantile AS neighbour_quantile,
    cosine(a.vector, b.vector) AS similarity
FROM analysis.selected_neighbours n
JOIN embedded a ON a.feature_id = n.feature_id
JOIN embedded b ON b.model = a.model AND b.feature_id = n.neighbour_id
