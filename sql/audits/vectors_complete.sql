-- version: 1
-- description: Every text to embed has its vector.
-- hint: python cli.py build --full
SELECT 'windows' AS purpose, t.text_key FROM texts.windows t ANTI JOIN vectors.windows v ON v.text_key = t.text_key
UNION ALL
SELECT 'explanations' AS purpose, t.text_key FROM texts.explanations t ANTI JOIN vectors.explanations v ON v.text_key = t.text_key
UNION ALL
SELECT 'phrases' AS purpose, t.text_key FROM texts.phrases t ANTI JOIN vectors.phrases v ON v.text_key = t.text_key
UNION ALL
SELECT 'ngram_contexts' AS purpose, t.text_key FROM texts.ngram_contexts t ANTI JOIN vectors.ngram_contexts v ON v.text_key = t.text_key
UNION ALL
SELECT 'semantic_contexts' AS purpose, t.text_key FROM texts.semantic_contexts t ANTI JOIN vectors.semantic_contexts v ON v.text_key = t.text_key
