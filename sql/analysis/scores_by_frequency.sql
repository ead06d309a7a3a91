-- version: 1
-- description: Scores of features that fire about as often: per explainer, scorer, method and bin of the
--   density, each half a power of ten. Features whose density in the corpus is not known are left out.
-- key: llm_explainer, scorer, method, density_low
-- collected: yes
-- column llm_explainer: full name of the explainer; null for a method that does not judge the explanation
-- column scorer: full name of the scorer
-- column method: see analysis.scores
-- column density_low: smallest density inside
-- column density_high: smallest density above
-- column features: scored features inside
-- column mean_score: their mean score
-- column median_score: their median score
WITH binned AS (
    SELECT
        s.llm_explainer,
        s.scorer,
        s.method,
        s.score,
        floor(log10(f.density) * 2)::INTEGER AS bin
    FROM analysis.scores_long s
    JOIN analysis.feature_statistics f ON f.feature_id = s.feature_id AND f.basis = 'corpus' AND f.density > 0
)

SELECT
    llm_explainer,
    scorer,
    method,
    pow(10, bin / 2) AS density_low,
    pow(10, (bin + 1) / 2) AS density_high,
    count(*) AS features,
    list_avg(list(score ORDER BY score)) AS mean_score,
    median(score) AS median_score
FROM binned
GROUP BY llm_explainer, scorer, method, bin
ORDER BY llm_explainer, scorer, method, bin
