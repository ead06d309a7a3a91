-- version: 6
-- description: The score of each feature by each source and method. Not scored is null, never 0.
-- key: feature_id, source, method
-- collected: yes
-- column feature_id: the feature
-- column source: the source: an explainer-scorer run
-- column method: fuzz, detection, simulation, embedding, intruder, surprisal, example_embedding,
--   autointerp, or one that is not interpreted
-- column of_explanation: whether the method judges the explanation; intruder and example_embedding judge
--   the feature's examples alone
-- column score: fuzz, detection, intruder: share of correct among the not failed; example_embedding: share
--   of rows with delta_plus > delta_minus; embedding, surprisal: area under the ROC curve, ties counted
--   half, null if one class is missing; simulation: the overall group's correlation (distance 0), else
--   the mean of the finite groups; autointerp: as SAEBench gives it; null of a method that is not
--   interpreted
-- column total: examples (simulation: groups)
-- column failed: of them failed; null of a method that is not interpreted
-- column succeeded: of them not failed
-- column variance: simulation: sample variance of the finite group scores, the overall one aside
-- column details: the rows as a JSON array, of a method that is not interpreted
WITH counted AS (
    SELECT
        source,
        method,
        feature_id,
        count(*) AS total,
        count(*) FILTER (outcome = 'failed') AS failed,
        count(*) FILTER (outcome <> 'failed') AS succeeded,
        count(*) FILTER (outcome = 'correct') AS correct,
        bool_or(outcome = 'kept') AS is_unknown,
        bool_or(coalesce(distance, -1) = 0) AS has_overall,
        arg_min(value, line) FILTER (distance = 0) AS overall,
        arg_min(value, line) AS given,
        list(value ORDER BY line) FILTER (
            method = 'simulation' AND value IS NOT NULL AND distance IS DISTINCT FROM 0
        ) AS groups,
        '[' || string_agg(details, ',' ORDER BY line) || ']' AS details
    FROM staging.scores
    GROUP BY source, method, feature_id
)

SELECT
    c.feature_id,
    c.source,
    c.method,
    c.method NOT IN ('intruder', 'example_embedding') AS of_explanation,
    CASE
        WHEN c.is_unknown THEN NULL
        WHEN c.method IN ('embedding', 'surprisal') THEN a.area
        WHEN c.method = 'autointerp' THEN c.given
        WHEN c.method = 'simulation' THEN CASE WHEN c.has_overall THEN c.overall ELSE list_avg(c.groups) END
        ELSE c.correct / nullif(c.succeeded, 0)
    END AS score,
    c.total,
    CASE WHEN NOT c.is_unknown THEN c.failed END AS failed,
    CASE WHEN NOT c.is_unknown THEN c.succeeded END AS succeeded,
    CASE WHEN c.method = 'simulation' THEN list_var_samp(c.groups) END AS variance,
    c.details
FROM counted c
LEFT JOIN analysis.roc_areas a
    ON a.level = 'feature' AND a.source = c.source AND a.method = c.method AND a.feature_id = c.feature_id
