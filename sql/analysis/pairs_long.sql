-- version: 2
-- description: interfeature_similarity.similarity_pairs flattened: one row per pair of examples of a
--   feature and of a decoder neighbour.
-- kind: view
-- key: feature_id, neighbour_id, prompt_id, neighbour_prompt_id
-- collected: yes
-- column feature_id: the feature
-- column prompt_id: its example's prompt
-- column quantile: its example's quantile
-- column neighbour_id: the neighbour's feature id
-- column neighbour_prompt_id: the neighbour's example's prompt
-- column neighbour_quantile: the neighbour's example's quantile
-- column decoder_similarity: cosine similarity of the two decoder rows
-- column semantic_similarity: cosine similarity of the two windows
SELECT
    p.feature_id,
    p.prompt_id,
    p.quantile,
    p.neighbour_id,
    p.neighbour_prompt_id,
    p.neighbour_quantile,
    n.cosine_similarity AS decoder_similarity,
    p.similarity AS semantic_similarity
FROM analysis.neighbour_pairs p
JOIN staging.default_model m ON m.model = p.model
JOIN analysis.selected_neighbours n
    ON n.feature_id = p.feature_id AND n.neighbour_order = p.neighbour_order
