-- version: 1
-- description: Per candidate phrase of a feature for which a method was tried: what came of it.
-- key: model, feature_id, candidate_order
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column candidate_order: 0-based place among the feature's candidates
-- column explainer: full name of the explainer
-- column chunk_index: 0-based place of the phrase in the explanation
-- column text: the phrase
-- column similarity: the larger of the methods that were tried
-- column match_type: lexical, semantic or both; null when it matched nothing
WITH tried AS (
    SELECT
        model,
        feature_id,
        candidate_order,
        max(similarity) AS similarity,
        coalesce(bool_or(similarity >= $matching_threshold::FLOAT) FILTER (method = 'lexical'), false) AS is_lexical,
        coalesce(bool_or(similarity >= $matching_threshold::FLOAT) FILTER (method = 'semantic'), false) AS is_semantic
    FROM analysis.phrase_matching
    GROUP BY model, feature_id, candidate_order
)

SELECT
    t.model,
    t.feature_id,
    t.candidate_order,
    p.explainer,
    p.chunk_index,
    p.text,
    t.similarity,
    CASE
        WHEN t.is_lexical AND t.is_semantic THEN 'both'
        WHEN t.is_lexical THEN 'lexical'
        WHEN t.is_semantic THEN 'semantic'
    END AS match_type
FROM tried t
JOIN analysis.candidate_phrases p
    ON p.model = t.model AND p.feature_id = t.feature_id AND p.candidate_order = t.candidate_order
