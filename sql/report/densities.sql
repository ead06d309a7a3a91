-- version: 1
-- description: How many features fire how often: bins of a tenth of a power of ten of the density.
SELECT
    floor(log10(density) * 10) / 10 AS log_density,
    count(*) AS features,
    log10($statistics_dense) AS threshold
FROM analysis.feature_statistics
WHERE basis = 'corpus' AND density > 0
GROUP BY floor(log10(density) * 10)
ORDER BY log_density
