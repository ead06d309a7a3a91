-- version: 2
-- description: Of a Delphi run, per feature and method: how many of the windows that the explainer saw the
--   scorers judged too, and the score without those. Delphi draws both from the same slices with the
--   same seed. Where windows of the same maximum are on both sides and not, each counts by its share.
-- key: source, method, feature_id
-- collected: yes
-- column source: the run
-- column method: fuzz or detection
-- column feature_id: the feature
-- column num_train: windows that the explainer saw
-- column num_test: activating windows that the scorers judged
-- column num_both: windows on both sides
-- column train_share: num_both ÷ num_train
-- column test_share: num_both ÷ num_test
-- column score: share of correct among the not failed, as in analysis.scores
-- column score_without: the same without the windows that the explainer saw
-- column recall: share of correct among the activating
-- column recall_without: the same without the windows that the explainer saw
WITH drawn AS (
    SELECT
        feature_id,
        sum(num_train)::BIGINT AS num_train,
        sum(num_test)::BIGINT AS num_test,
        sum(num_both)::BIGINT AS num_both
    FROM staging.drawn_windows
    GROUP BY feature_id
),

weighted AS (
    SELECT
        r.source,
        r.method,
        r.feature_id,
        r.line,
        r.activating,
        (r.outcome = 'correct')::INTEGER AS correct,
        CASE WHEN r.activating THEN 1 - coalesce(d.num_both / nullif(d.num_test, 0), 0) ELSE 1 END AS weight
    FROM staging.score_records r
    JOIN staging.judged_windows w ON w.file = r.file AND w.line = r.line
    LEFT JOIN staging.drawn_windows d ON d.feature_id = r.feature_id AND d.max_activation = w.max_activation
    WHERE r.status = 'kept' AND r.outcome <> 'failed'
),

scored AS (
    SELECT
        source,
        method,
        feature_id,
        avg(correct) AS score,
        list_sum(list(correct * weight ORDER BY line)) / nullif(
            list_sum(list(weight ORDER BY line)), 0
        ) AS score_without,
        avg(correct) FILTER (activating) AS recall,
        list_sum(list(correct * weight ORDER BY line) FILTER (activating))
            / nullif(list_sum(list(weight ORDER BY line) FILTER (activating)), 0) AS recall_without
    FROM weighted
    GROUP BY source, method, feature_id
)

SELECT
    s.source,
    s.method,
    s.feature_id,
    d.num_train,
    d.num_test,
    d.num_both,
    d.num_both / d.num_train AS train_share,
    d.num_both / d.num_test AS test_share,
    s.score,
    s.score_without,
    s.recall,
    s.recall_without
FROM scored s
JOIN drawn d ON d.feature_id = s.feature_id
ORDER BY s.source, s.method, s.feature_id
