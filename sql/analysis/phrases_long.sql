-- version: 2
-- description: explanation_alignment.aligned_groups flattened, with the phrases that are in no
--   group: one row per phrase of an explanation.
-- kind: view
-- key: feature_id, llm_explainer, chunk_index
-- collected: yes
-- column feature_id: the feature
-- column llm_explainer: full name of the explainer
-- column chunk_index: 0-based place of the phrase in the explanation
-- column text: the phrase
-- column aligned_group_id: the group it belongs to; null when no other explainer says the like
-- column group_similarity: mean similarity of the group's phrases to its opener
SELECT
    p.feature_id,
    p.explainer AS llm_explainer,
    p.chunk_index,
    p.text,
    a.group_id AS aligned_group_id,
    a.group_similarity
FROM analysis.phrases p
LEFT JOIN (
    SELECT g.feature_id, g.phrase_order, g.group_id, g.group_similarity
    FROM analysis.aligned_phrases g
    JOIN staging.default_model m ON m.model = g.model
) a ON a.feature_id = p.feature_id AND a.phrase_order = p.phrase_order
