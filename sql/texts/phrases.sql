-- version: 1
-- description: The phrases as texts to embed.
-- kind: view
SELECT feature_id, phrase_order, text_key, text
FROM analysis.phrases
