/* Whose explanations score best, by each method? */
PIVOT (SELECT llm_explainer, method, score FROM analysis.scores_long WHERE method <> 'simulation')
ON method
USING round(avg(score), 2)
GROUP BY llm_explainer
ORDER BY llm_explainer
