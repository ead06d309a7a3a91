/* What does Delphi's own analysis say of each source? */
SELECT
    source,
    method,
    round(accuracy, 2) AS accuracy,
    round(precision, 2) AS precision,
    round(recall, 2) AS recall,
    round(f1, 2) AS f1,
    round(auc, 2) AS auc
FROM analysis.score_metrics
WHERE level = 'source'
ORDER BY method, source
LIMIT 9
