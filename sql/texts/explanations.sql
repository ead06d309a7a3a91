-- version: 1
-- description: The explanations as texts to embed.
-- kind: view
SELECT feature_id, explainer_order, text_key, text
FROM analysis.explanations
