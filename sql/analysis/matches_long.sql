-- version: 1
-- description: ex_act_pattern_matching.matches flattened: one row per phrase that matches what the
--   feature fires on.
-- kind: view
-- key: feature_id, llm_explainer, phrase_text
-- collected: yes
-- column feature_id: the feature
-- column pattern_type: semantic, lexical or both
-- column llm_explainer: full name of the explainer
-- column phrase_text: the phrase
-- column chunk_index: its 0-based place in the explanation
-- column semantic_similarity: to the mean vector of the contexts, the larger of the two methods
-- column match_type: lexical, semantic or both
WITH matched AS (
    SELECT feature_id, pattern_type, unnest(matches) AS m
    FROM master.ex_act_pattern_matching
)

SELECT
    feature_id,
    pattern_type,
    m.explainer_name AS llm_explainer,
    m.phrase_text AS phrase_text,
    m.phrase_chunk_index AS chunk_index,
    m.semantic_similarity AS semantic_similarity,
    m.match_type AS match_type
FROM matched
