-- version: 1
-- description: The phrases of the aligned groups.
-- key: model, feature_id, phrase_order
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column group_id: 0-based, in order of opening
-- column group_similarity: mean similarity of the taken phrases to the opener
-- column phrase_order: 0-based place in the feature: explainers in order, then chunk_index
-- column explainer: full name of the explainer
-- column chunk_index: 0-based place of the phrase in the explanation
-- column text_key: key of the text in the vector store
-- column text: the phrase
WITH taken AS (
    SELECT model, feature_id, group_id, opener, unnest(members) AS phrase_order
    FROM analysis.alignment_groups
),

scored AS (
    SELECT
        t.model,
        t.feature_id,
        t.group_id,
        list_avg(list(s.similarity::DOUBLE ORDER BY t.phrase_order))::FLOAT AS group_similarity
    FROM taken t
    JOIN analysis.phrase_similarity s
        ON s.model = t.model
        AND s.feature_id = t.feature_id
        AND s.phrase_order = t.opener
        AND s.later_order = t.phrase_order
    GROUP BY t.model, t.feature_id, t.group_id
),

members AS (
    SELECT model, feature_id, group_id, phrase_order FROM taken
    UNION ALL
    SELECT model, feature_id, group_id, opener AS phrase_order FROM analysis.alignment_groups
)

SELECT
    m.model,
    m.feature_id,
    m.group_id,
    s.group_similarity,
    m.phrase_order,
    p.explainer,
    p.chunk_index,
    p.text_key,
    p.text
FROM members m
JOIN scored s ON s.model = m.model AND s.feature_id = m.feature_id AND s.group_id = m.group_id
JOIN analysis.phrases p ON p.feature_id = m.feature_id AND p.phrase_order = m.phrase_order
