/* The explained features whose explanations match best what they fire on. */
SELECT
    m.feature_id,
    m.pattern_type,
    round(m.match_rate, 2) AS match_rate,
    round(m.activation_semantic_sim, 2) AS semantic,
    round(m.activation_max_jaccard, 2) AS jaccard,
    left(f.explanation_text, 60) AS explanation
FROM master.ex_act_pattern_matching m
JOIN master.features f USING (feature_id, sae_id)
WHERE m.num_matches > 0
QUALIFY row_number() OVER (PARTITION BY m.feature_id ORDER BY f.llm_explainer) = 1
ORDER BY m.match_rate DESC, m.feature_id
LIMIT 8
