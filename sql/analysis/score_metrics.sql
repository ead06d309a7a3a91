-- version: 5
-- description: What Delphi's own analysis reports of fuzz and detection, and what of it other methods
--   have, per (feature, source, method) and pooled per (source, method). Failed examples aside; a
--   ratio without examples is null.
-- key: level, source, method, feature_id
-- collected: yes
-- column level: feature, or source (pooled over its features; feature_id is null)
-- column source: the source: an explainer-scorer run
-- column method: see analysis.scores; those that are not interpreted are left out
-- column feature_id: the feature; null for a pooled row
-- column total: examples
-- column failed: of them failed
-- column succeeded: of them not failed
-- column tp: activating, judged so; with the next three 0 where nothing is judged so
-- column tn: not activating, judged so
-- column fp: not activating, judged activating
-- column fn: activating, judged not activating
-- column accuracy: share of correct among the not failed; null where a row is a number
-- column balanced_accuracy: mean of recall and specificity, a missing class counting as 0, as Delphi's
-- column precision: tp ÷ (tp + fp)
-- column recall: tp ÷ (tp + fn)
-- column f1: harmonic mean of precision and recall
-- column weighted_f1: pooled rows: mean f1 of the features, each weighted by its firing count in the
--   corpus (analysis.feature_statistics); null where no firing count is known
-- column auc: area under the ROC curve, ties counted half, see analysis.roc_areas
-- column recall_by_quantile: recall of the activating examples by `distance`; intruder: share correct by
--   the chosen quantile
-- column accuracy_low: Wilson's 95 % interval of the accuracy
-- column accuracy_high: its upper bound
WITH by_feature AS (
    SELECT
        source,
        method,
        feature_id,
        count(*) AS total,
        count(*) FILTER (outcome = 'failed') AS failed,
        count(*) FILTER (outcome <> 'failed') AS succeeded,
        CASE
            WHEN method IN ('fuzz', 'detection', 'intruder', 'example_embedding')
                THEN count(*) FILTER (outcome = 'correct')
        END AS correct,
        count(*) FILTER (outcome = 'correct' AND activating) AS tp,
        count(*) FILTER (outcome = 'correct' AND NOT activating) AS tn,
        count(*) FILTER (outcome = 'incorrect' AND NOT activating) AS fp,
        count(*) FILTER (outcome = 'incorrect' AND activating) AS fn
    FROM staging.scores
    WHERE outcome <> 'kept'
    GROUP BY source, method, feature_id
),

counted AS (
    SELECT 'feature' AS level, *
    FROM by_feature
    UNION ALL
    SELECT
        'source' AS level,
        source,
        method,
        NULL AS feature_id,
        sum(total)::BIGINT,
        sum(failed)::BIGINT,
        sum(succeeded)::BIGINT,
        sum(correct)::BIGINT,
        sum(tp)::BIGINT,
        sum(tn)::BIGINT,
        sum(fp)::BIGINT,
        sum(fn)::BIGINT
    FROM by_feature
    GROUP BY source, method
),

by_quantile_and_feature AS (
    SELECT
        source,
        method,
        feature_id,
        distance,
        count(*) AS total,
        count(*) FILTER (outcome = 'correct') AS correct
    FROM staging.scores
    WHERE outcome <> 'failed'
        AND distance IS NOT NULL
        AND ((method IN ('fuzz', 'detection') AND activating) OR method = 'intruder')
    GROUP BY source, method, feature_id, distance
),

by_quantile AS (
    SELECT 'feature' AS level, *
    FROM by_quantile_and_feature
    UNION ALL
    SELECT 'source' AS level, source, method, NULL AS feature_id, distance, sum(total)::BIGINT, sum(correct)::BIGINT
    FROM by_quantile_and_feature
    GROUP BY source, method, distance
),

quantiles AS (
    SELECT
        level,
        source,
        method,
        feature_id,
        list({'quantile': distance, 'recall': correct / total, 'total': total} ORDER BY distance) AS recall_by_quantile
    FROM by_quantile
    GROUP BY level, source, method, feature_id
),

firing AS (
    SELECT feature_id, firing_count
    FROM analysis.feature_statistics
    WHERE basis = 'corpus' AND firing_count > 0
),

weighted AS (
    SELECT
        c.source,
        c.method,
        -- In one order: a sum of doubles depends on it, and so would the content hash.
        list_sum(list(2 * c.tp / (2 * c.tp + c.fp + c.fn) * f.firing_count ORDER BY c.feature_id))
            / nullif(sum(f.firing_count), 0) AS f1
    FROM counted c
    JOIN firing f ON f.feature_id = c.feature_id
    WHERE c.level = 'feature' AND 2 * c.tp + c.fp + c.fn > 0
    GROUP BY c.source, c.method
)

SELECT
    c.level,
    c.source,
    c.method,
    c.feature_id,
    c.total,
    c.failed,
    c.succeeded,
    c.tp,
    c.tn,
    c.fp,
    c.fn,
    c.correct / nullif(c.succeeded, 0) AS accuracy,
    CASE
        WHEN c.tp + c.tn + c.fp + c.fn > 0
            THEN (coalesce(c.tp / nullif(c.tp + c.fn, 0), 0) + coalesce(c.tn / nullif(c.tn + c.fp, 0), 0)) / 2
    END AS balanced_accuracy,
    c.tp / nullif(c.tp + c.fp, 0) AS precision,
    c.tp / nullif(c.tp + c.fn, 0) AS recall,
    2 * c.tp / nullif(2 * c.tp + c.fp + c.fn, 0) AS f1,
    w.f1 AS weighted_f1,
    a.area AS auc,
    coalesce(q.recall_by_quantile, []) AS recall_by_quantile,
    wilson_bound(c.correct, c.succeeded, -1) AS accuracy_low,
    wilson_bound(c.correct, c.succeeded, 1) AS accuracy_high
FROM counted c
LEFT JOIN analysis.roc_areas a
    ON a.level = c.level AND a.source = c.source AND a.method = c.method
    AND a.feature_id IS NOT DISTINCT FROM c.feature_id
LEFT JOIN weighted w ON c.level = 'source' AND w.source = c.source AND w.method = c.method
LEFT JOIN quantiles q
    ON q.level = c.level AND q.source = c.source AND q.method = c.method
    AND q.feature_id IS NOT DISTINCT FROM c.feature_id
