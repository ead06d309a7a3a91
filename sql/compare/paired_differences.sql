-- version: 1
-- description: Differences between two members over the features that pair (compare.feature_pairs), the other
--   member's figure minus the member's. The interval holds 95 % of compare.replicates resamples of the
--   pairs (percentile bootstrap, see bootstrap_weight); null for one pair. The matched columns are the
--   same over the pairs whose two features lie in one frequency bin, null where no density is known.
-- key: member, other_member, level, figure, llm_explainer, scorer
-- column member: the member
-- column other_member: the other member
-- column pairing: see compare.member_pairs
-- column level: see compare.feature_figures
-- column figure: see analysis.figures_long
-- column llm_explainer: full name of the explainer, which both have; null of a feature
-- column scorer: full name of the scorer, which both have; null of a feature
-- column pairs: pairs of features that both have the figure
-- column mean: the member's mean over them
-- column other_mean: the other member's mean over them
-- column difference: mean of other member minus member
-- column difference_low: lower end of its interval
-- column difference_high: upper end
-- column matched_pairs: of the pairs those of one frequency bin
-- column matched_difference: their mean difference
-- column matched_low: lower end of its interval
-- column matched_high: upper end
WITH paired AS (
    SELECT
        p.member,
        p.other_member,
        p.pairing,
        f.level,
        f.figure,
        f.llm_explainer,
        f.scorer,
        p.feature_id,
        f.value,
        o.value AS other_value,
        coalesce(f.frequency_bin = o.frequency_bin, false) AS is_matched
    FROM compare.feature_pairs p
    JOIN compare.feature_figures f ON f.member = p.member AND f.feature_id = p.feature_id
    JOIN compare.feature_figures o
        ON o.member = p.other_member
        AND o.feature_id = p.other_feature_id
        AND o.level = f.level
        AND o.figure = f.figure
        AND o.llm_explainer IS NOT DISTINCT FROM f.llm_explainer
        AND o.scorer IS NOT DISTINCT FROM f.scorer
),

means AS (
    SELECT
        member,
        other_member,
        pairing,
        level,
        figure,
        llm_explainer,
        scorer,
        count(*) AS pairs,
        list_avg(list(value ORDER BY feature_id)) AS mean,
        list_avg(list(other_value ORDER BY feature_id)) AS other_mean
    FROM paired
    GROUP BY ALL
),

units AS (
    SELECT DISTINCT member, other_member, feature_id FROM paired
),

-- A list for each figure with a place for each feature that pairs at all: its difference, and whether it
-- has one. Products with a resample's list of weights are its sums.
lists AS (
    SELECT
        m.member,
        m.other_member,
        m.level,
        m.figure,
        m.llm_explainer,
        m.scorer,
        list(coalesce(d.other_value - d.value, 0)::DOUBLE ORDER BY u.feature_id) AS differences,
        list((d.value IS NOT NULL)::INTEGER::DOUBLE ORDER BY u.feature_id) AS present,
        list((coalesce(d.is_matched, false))::INTEGER::DOUBLE ORDER BY u.feature_id) AS matched,
        list(
            (CASE WHEN d.is_matched THEN d.other_value - d.value ELSE 0 END)::DOUBLE ORDER BY u.feature_id
        ) AS matched_differences
    FROM means m
    JOIN units u ON u.member = m.member AND u.other_member = m.other_member
    LEFT JOIN paired d
        ON d.member = m.member
        AND d.other_member = m.other_member
        AND d.level = m.level
        AND d.figure = m.figure
        AND d.llm_explainer IS NOT DISTINCT FROM m.llm_explainer
        AND d.scorer IS NOT DISTINCT FROM m.scorer
        AND d.feature_id = u.feature_id
    GROUP BY ALL
),

-- Replicate -1 holds each pair once: the figure itself.
weights AS (
    SELECT
        u.member,
        u.other_member,
        r.replicate,
        list(
            CASE WHEN r.replicate < 0 THEN 1 ELSE bootstrap_weight($compare_seed, r.replicate, u.feature_id) END::DOUBLE
            ORDER BY u.feature_id
        ) AS weights
    FROM units u
    CROSS JOIN (SELECT unnest(range(-1, $compare_replicates)) AS replicate) r
    GROUP BY u.member, u.other_member, r.replicate
),

resampled AS (
    SELECT
        l.* EXCLUDE (differences, present, matched, matched_differences),
        w.replicate,
        list_inner_product(l.differences, w.weights)
        / nullif(list_inner_product(l.present, w.weights), 0) AS difference,
        list_inner_product(l.matched_differences, w.weights)
        / nullif(list_inner_product(l.matched, w.weights), 0) AS matched_difference,
        list_sum(l.matched)::BIGINT AS matched_pairs
    FROM lists l
    JOIN weights w ON w.member = l.member AND w.other_member = l.other_member
),

bounds AS (
    SELECT
        member,
        other_member,
        level,
        figure,
        llm_explainer,
        scorer,
        any_value(difference) FILTER (replicate < 0) AS difference,
        quantile_disc(difference, 0.025) FILTER (replicate >= 0) AS difference_low,
        quantile_disc(difference, 0.975) FILTER (replicate >= 0) AS difference_high,
        any_value(matched_pairs) AS matched_pairs,
        any_value(matched_difference) FILTER (replicate < 0) AS matched_difference,
        quantile_disc(matched_difference, 0.025) FILTER (replicate >= 0) AS matched_low,
        quantile_disc(matched_difference, 0.975) FILTER (replicate >= 0) AS matched_high
    FROM resampled
    GROUP BY ALL
)

SELECT
    m.member,
    m.other_member,
    m.pairing,
    m.level,
    m.figure,
    m.llm_explainer,
    m.scorer,
    m.pairs,
    m.mean,
    m.other_mean,
    b.difference,
    CASE WHEN m.pairs > 1 THEN b.difference_low END AS difference_low,
    CASE WHEN m.pairs > 1 THEN b.difference_high END AS difference_high,
    nullif(b.matched_pairs, 0) AS matched_pairs,
    b.matched_difference,
    CASE WHEN b.matched_pairs > 1 THEN b.matched_low END AS matched_low,
    CASE WHEN b.matched_pairs > 1 THEN b.matched_high END AS matched_high
FROM means m
JOIN bounds b
    ON b.member = m.member
    AND b.other_member = m.other_member
    AND b.level = m.level
    AND b.figure = m.figure
    AND b.llm_explainer IS NOT DISTINCT FROM m.llm_explainer
    AND b.scorer IS NOT DISTINCT FROM m.scorer
ORDER BY m.member, m.other_member, m.level DESC, m.figure, m.llm_explainer, m.scorer
