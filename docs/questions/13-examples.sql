/* In what context does it fire most, and least? The first example of each quantile. */
SELECT quantile, prompt_id, round(max_activation, 1) AS activation, left(text, 70) AS window
FROM analysis.embeddings_long
WHERE feature_id = 8
QUALIFY row_number() OVER (PARTITION BY quantile ORDER BY sample_order) = 1
ORDER BY quantile
