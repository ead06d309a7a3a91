-- version: 1
-- description: ex_act_pattern_matching.mismatches flattened: one row per phrase, or context,
--   that nothing matches.
-- kind: view
-- key: feature_id, llm_explainer, item_type, item_text
-- collected: yes
-- column feature_id: the feature
-- column pattern_type: semantic, lexical or both
-- column mismatch_type: explanation_only (a phrase) or activation_only (a context)
-- column item_type: phrase, ngram or semantic_context
-- column item_text: the phrase, the n-gram or the first window's text
-- column llm_explainer: full name of the phrase's explainer; null for a context
-- column semantic_similarity: the largest that was found
WITH unmatched AS (
    SELECT feature_id, pattern_type, unnest(mismatches) AS m
    FROM master.ex_act_pattern_matching
)

SELECT
    feature_id,
    pattern_type,
    m.mismatch_type AS mismatch_type,
    m.item_type AS item_type,
    m.item_text AS item_text,
    m.explainer_name AS llm_explainer,
    m.semantic_similarity AS semantic_similarity
FROM unmatched
