-- version: 1
-- description: The phrases of each explanation.
-- key: feature_id, phrase_order
-- column feature_id: the feature
-- column explainer_order: 0-based place of the explainer
-- column explainer: full name of the explainer
-- column chunk_index: 0-based place in the explanation
-- column phrase_order: 0-based place in the feature: explainers in order, then chunk_index
-- column text_key: key of the text in the vector store
-- column text: the phrase
WITH split AS (
    SELECT feature_id, explainer_order, explainer, split_phrases(text, $phrases_words::VARCHAR[]) AS phrases
    FROM analysis.explanations
),

chunks AS (
    SELECT
        feature_id,
        explainer_order,
        explainer,
        unnest(phrases) AS text,
        generate_subscripts(phrases, 1) - 1 AS chunk_index
    FROM split
)

SELECT
    feature_id,
    explainer_order,
    explainer,
    chunk_index::INTEGER AS chunk_index,
    (row_number() OVER (
        PARTITION BY feature_id ORDER BY explainer_order, chunk_index
    ) - 1)::INTEGER AS phrase_order,
    text_key(text) AS text_key,
    text
FROM chunks
