-- version: 1
-- description: A feature's card: what matching tried: phrases that match, phrases that don't, and what
--   the feature fires on that no phrase says; the most similar first.
-- argument feature: the feature's id
-- column outcome: match, explanation_only, activation_only
-- column item_type: phrase, ngram, semantic_context
-- column match_type: of a match: lexical, semantic or both
WITH found AS (
    SELECT matches, mismatches
    FROM master.ex_act_pattern_matching
    WHERE feature_id = $feature
),

items AS (
    SELECT
        'match' AS outcome,
        'phrase' AS item_type,
        m.phrase_text AS text,
        m.explainer_name AS explainer,
        m.semantic_similarity AS similarity,
        m.match_type
    FROM (SELECT unnest(matches) AS m FROM found)
    UNION ALL
    SELECT
        m.mismatch_type AS outcome,
        m.item_type,
        m.item_text AS text,
        m.explainer_name AS explainer,
        m.semantic_similarity AS similarity,
        NULL AS match_type
    FROM (SELECT unnest(mismatches) AS m FROM found)
)

SELECT outcome, item_type, text, explainer, similarity, match_type
FROM items
ORDER BY
    list_position(['match', 'explanation_only', 'activation_only'], outcome),
    similarity DESC NULLS LAST,
    text,
    explainer NULLS LAST
