-- version: 1
-- description: Every text to embed has its vector.
-- hint: python cli.py build --full
WITH wanted AS (
    SELECT DISTINCT 'windows' AS purpose, m.model, t.text_key FROM texts.windows t CROSS JOIN staging.embedding_models m
    UNION ALL
    SELECT DISTINCT 'explanations' AS purpose, m.model, t.text_key
    FROM texts.explanations t CROSS JOIN staging.embedding_models m
    UNION ALL
    SELECT DISTINCT 'phrases' AS purpose, m.model, t.text_key FROM texts.phrases t CROSS JOIN staging.embedding_models m
    UNION ALL
    SELECT DISTINCT 'ngram_contexts' AS purpose, model, text_key FROM texts.ngram_contexts
    UNION ALL
    SELECT DISTINCT 'semantic_contexts' AS purpose, model, text_key FROM texts.semantic_contexts
),

present AS (
    SELECT 'windows' AS purpose, model, text_key FROM vectors.windows
    UNION ALL
    SELECT 'explanations' AS purpose, model, text_key FROM vectors.explanations
    UNION ALL
    SELECT 'phrases' AS purpose, model, text_key FROM vectors.phrases
    UNION ALL
    SELECT 'ngram_contexts' AS purpose, model, text_key FROM vectors.ngram_contexts
    UNION ALL
    SELECT 'semantic_contexts' AS purpose, model, text_key FROM vectors.semantic_contexts
)

SELECT w.purpose, w.model, w.text_key
FROM wanted w
ANTI JOIN present p ON p.purpose = w.purpose AND p.model = w.model AND p.text_key = w.text_key
