-- version: 1
-- description: What is compared: the figures of analysis.figures_long, each as it is (level explanation: of an
--   explainer, a scorer or both), and as the feature's mean over its explainers and scorers (level feature).
-- key: member, level, figure, llm_explainer, scorer, feature_id
-- column member: the member
-- column level: explanation or feature
-- column figure: see analysis.figures_long
-- column llm_explainer: full name of the explainer; null of a feature
-- column scorer: full name of the scorer; null of a feature
-- column feature_id: the feature
-- column value: the figure
-- column frequency_bin: bin of log10 of the share of the corpus' tokens that the feature fires on,
--   compare.bins_per_decade to a power of ten, by its lower end; null where the density is not known,
--   which is so of every feature that is known from selected records alone
WITH levels AS (
    SELECT member, 'explanation' AS level, figure, llm_explainer, scorer, feature_id, value
    FROM analysis.figures_long
    WHERE llm_explainer IS NOT NULL OR scorer IS NOT NULL
    UNION ALL
    -- In one order: a mean of doubles depends on it.
    SELECT
        member,
        'feature' AS level,
        figure,
        NULL AS llm_explainer,
        NULL AS scorer,
        feature_id,
        list_avg(list(value ORDER BY llm_explainer, scorer)) AS value
    FROM analysis.figures_long
    GROUP BY member, figure, feature_id
),

densities AS (
    SELECT member, feature_id, floor(log10(density) * $compare_bins_per_decade)::INTEGER AS frequency_bin
    FROM analysis.feature_statistics
    WHERE basis = 'corpus' AND density > 0
)

SELECT l.*, d.frequency_bin
FROM levels l
LEFT JOIN densities d ON d.member = l.member AND d.feature_id = l.feature_id
WHERE isfinite(l.value)
ORDER BY l.member, l.level, l.figure, l.llm_explainer, l.scorer, l.feature_id
