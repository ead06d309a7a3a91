/* On which tokens does feature 8 fire? */
SELECT token, count(*) AS times, round(max(activation_value), 1) AS largest
FROM analysis.activations_long
WHERE feature_id = 8
GROUP BY token
ORDER BY times DESC, token
LIMIT 8
