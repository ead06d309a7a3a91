-- version: 1
-- description: Differences between two members' means, whether their features pair or not: a trained SAE
--   against a random one is this. The interval holds 95 % of compare.replicates resamples of either
--   member's features (percentile bootstrap); null where one has a single feature. At matched firing
--   frequency: the differences inside of the frequency bins, weighted by the smaller number of features
--   of the two members in each bin (their common support), null where no density is known.
-- key: member, other_member, level, figure, llm_explainer, scorer
-- column member: the member
-- column other_member: a later member
-- column level: see compare.feature_figures
-- column figure: see analysis.figures_long
-- column llm_explainer: full name of the explainer, which both have; null of a feature
-- column scorer: full name of the scorer, which both have; null of a feature
-- column features: the member's features that have the figure
-- column other_features: the other member's
-- column mean: the member's mean
-- column other_mean: the other member's mean
-- column difference: other member's mean minus the member's
-- column difference_low: lower end of its interval
-- column difference_high: upper end
-- column matched_features: sum over the bins of the smaller number of features
-- column matched_difference: the difference at matched frequency
-- column matched_low: lower end of its interval
-- column matched_high: upper end
WITH bins AS (
    SELECT *, NULL AS bin FROM compare.feature_figures
    UNION ALL
    SELECT *, frequency_bin AS bin FROM compare.feature_figures WHERE frequency_bin IS NOT NULL
),

units AS (
    SELECT DISTINCT member, feature_id FROM compare.feature_figures
),

groups AS (
    SELECT member, level, figure, llm_explainer, scorer, bin, count(*) AS features
    FROM bins
    GROUP BY ALL
),

-- A list for each figure with a place for each feature of the member: its figure, and whether it has one.
lists AS (
    SELECT
        g.member,
        g.level,
        g.figure,
        g.llm_explainer,
        g.scorer,
        g.bin,
        g.features,
        list(coalesce(b.value, 0)::DOUBLE ORDER BY u.feature_id) AS figures,
        list((b.value IS NOT NULL)::INTEGER::DOUBLE ORDER BY u.feature_id) AS present
    FROM groups g
    JOIN units u ON u.member = g.member
    LEFT JOIN bins b
        ON b.member = g.member
        AND b.level = g.level
        AND b.figure = g.figure
        AND b.llm_explainer IS NOT DISTINCT FROM g.llm_explainer
        AND b.scorer IS NOT DISTINCT FROM g.scorer
        AND b.bin IS NOT DISTINCT FROM g.bin
        AND b.feature_id = u.feature_id
    GROUP BY ALL
),

-- Replicate -1 holds each feature once: the mean itself. Members are resampled each by itself.
weights AS (
    SELECT
        u.member,
        r.replicate,
        list(
            CASE
                WHEN r.replicate < 0 THEN 1
                ELSE bootstrap_weight($compare_seed, r.replicate, u.member || ' ' || u.feature_id)
            END::DOUBLE
            ORDER BY u.feature_id
        ) AS weights
    FROM units u
    CROSS JOIN (SELECT unnest(range(-1, $compare_replicates)) AS replicate) r
    GROUP BY u.member, r.replicate
),

means AS (
    SELECT
        l.* EXCLUDE (figures, present),
        w.replicate,
        list_inner_product(l.figures, w.weights) / nullif(list_inner_product(l.present, w.weights), 0) AS mean
    FROM lists l
    JOIN weights w ON w.member = l.member
),

compared AS (
    SELECT
        p.member,
        p.other_member,
        a.level,
        a.figure,
        a.llm_explainer,
        a.scorer,
        a.bin,
        a.replicate,
        a.features,
        b.features AS other_features,
        a.mean,
        b.mean AS other_mean,
        b.mean - a.mean AS difference,
        least(a.features, b.features) AS common
    FROM compare.member_pairs p
    JOIN means a ON a.member = p.member
    JOIN means b
        ON b.member = p.other_member
        AND b.level = a.level
        AND b.figure = a.figure
        AND b.llm_explainer IS NOT DISTINCT FROM a.llm_explainer
        AND b.scorer IS NOT DISTINCT FROM a.scorer
        AND b.bin IS NOT DISTINCT FROM a.bin
        AND b.replicate = a.replicate
),

resampled AS (
    SELECT
        member,
        other_member,
        level,
        figure,
        llm_explainer,
        scorer,
        replicate,
        any_value(features) FILTER (bin IS NULL) AS features,
        any_value(other_features) FILTER (bin IS NULL) AS other_features,
        any_value(mean) FILTER (bin IS NULL) AS mean,
        any_value(other_mean) FILTER (bin IS NULL) AS other_mean,
        any_value(difference) FILTER (bin IS NULL) AS difference,
        (sum(common) FILTER (bin IS NOT NULL))::BIGINT AS matched_features,
        list_sum(list(common * difference ORDER BY bin) FILTER (bin IS NOT NULL AND difference IS NOT NULL))
        / nullif(sum(common) FILTER (bin IS NOT NULL AND difference IS NOT NULL), 0) AS matched_difference
    FROM compared
    GROUP BY ALL
)

SELECT
    member,
    other_member,
    level,
    figure,
    llm_explainer,
    scorer,
    any_value(features) AS features,
    any_value(other_features) AS other_features,
    any_value(mean) FILTER (replicate < 0) AS mean,
    any_value(other_mean) FILTER (replicate < 0) AS other_mean,
    any_value(difference) FILTER (replicate < 0) AS difference,
    CASE
        WHEN least(any_value(features), any_value(other_features)) > 1
            THEN quantile_disc(difference, 0.025) FILTER (replicate >= 0)
    END AS difference_low,
    CASE
        WHEN least(any_value(features), any_value(other_features)) > 1
            THEN quantile_disc(difference, 0.975) FILTER (replicate >= 0)
    END AS difference_high,
    any_value(matched_features) AS matched_features,
    any_value(matched_difference) FILTER (replicate < 0) AS matched_difference,
    CASE
        WHEN any_value(matched_features) > 1
            THEN quantile_disc(matched_difference, 0.025) FILTER (replicate >= 0)
    END AS matched_low,
    CASE
        WHEN any_value(matched_features) > 1
            THEN quantile_disc(matched_difference, 0.975) FILTER (replicate >= 0)
    END AS matched_high
FROM resampled
GROUP BY ALL
ORDER BY member, other_member, level DESC, figure, llm_explainer, scorer
