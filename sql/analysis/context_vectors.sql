-- version: 2
-- description: The vectors of each feature's lexical and semantic contexts, which phrases are matched to.
-- key: model, feature_id, method, context_order
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column method: lexical, semantic
-- column context_order: 1-based place among the feature's contexts of the method
-- column vector: the context's vector
SELECT c.model, c.feature_id, 'lexical' AS method, c.context_order, v.vector
FROM texts.ngram_contexts c
JOIN vectors.ngram_contexts v ON v.model = c.model AND v.text_key = c.text_key
UNION ALL
SELECT c.model, c.feature_id, 'semantic' AS method, c.context_order, v.vector
FROM texts.semantic_contexts c
JOIN vectors.semantic_contexts v ON v.model = c.model AND v.text_key = c.text_key
