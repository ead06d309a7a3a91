-- version: 5
-- description: Features grouped by thresholds of a figure: N thresholds make N + 1 groups, each from
--   its low (inside) to its high (outside). FROM analysis.feature_groups([0.3, 0.6], 'match_rate')
-- kind: macro
-- argument thresholds: numbers in any order
-- argument figure: one of analysis.figures_long
-- argument explainer NULL: short or full name; without it the rows of all
-- argument scorer NULL: short or full name; without it the mean over all
-- column group_index: 0-based, ascending; a group without features is there too
-- column low: smallest value inside; null for the first group
-- column high: smallest value above; null for the last group
-- column num_rows: (feature, explainer) pairs inside; features where the figure is the feature's own
-- column num_features: features inside; one without the figure is in no group
-- column feature_ids: their ids, ascending; one whose explainers differ may be in two groups
WITH groups AS (
    SELECT
        unnest(range(len(list_distinct($thresholds)) + 1))::INTEGER AS group_index,
        unnest(list_concat([NULL], list_sort(list_distinct($thresholds::DOUBLE[])))) AS low,
        unnest(list_sort(list_distinct($thresholds::DOUBLE[]))) AS high
),

-- Columns are qualified: a bare name that is an argument's too would be the argument.
placed AS (
    SELECT
        f.feature_id,
        len(list_filter(
            list_distinct($thresholds), lambda t: avg(f.value)::FLOAT >= t::FLOAT
        )) AS group_index
    FROM analysis.figures_long f
    WHERE f.figure = CASE
            WHEN $figure IN (
                'fuzz', 'detection', 'simulation', 'embedding', 'intruder', 'surprisal',
                'example_embedding', 'autointerp', 'semantic_similarity', 'match_rate',
                'activation_semantic_sim', 'activation_max_jaccard', 'num_aligned_groups', 'decoder_similarity'
            ) OR (SELECT count(*) FROM analysis.figures_long k WHERE k.figure = $figure) > 0 THEN $figure
            ELSE error('no figure "' || $figure || '": analysis.figures_long describes them')
        END
        AND (
            $explainer IS NULL
            OR f.llm_explainer IS NULL
            OR f.llm_explainer = coalesce(
                (SELECT e.explainer FROM staging.explainers e WHERE $explainer IN (e.explainer_short, e.explainer)),
                error('no explainer "' || $explainer || '": staging.explainers names them')
            )
        )
        AND (
            $scorer IS NULL
            OR f.scorer IS NULL
            OR f.scorer = coalesce(
                (SELECT s.scorer FROM staging.scorers s WHERE $scorer IN (s.scorer_short, s.scorer)),
                error('no scorer "' || $scorer || '": staging.scorers names them')
            )
        )
    GROUP BY f.feature_id, f.llm_explainer
),

gathered AS (
    SELECT
        p.group_index,
        count(*) AS num_rows,
        list_sort(list_distinct(list(p.feature_id))) AS feature_ids
    FROM placed p
    GROUP BY p.group_index
)

SELECT
    g.group_index,
    g.low,
    g.high,
    coalesce(r.num_rows, 0) AS num_rows,
    coalesce(len(r.feature_ids), 0) AS num_features,
    coalesce(r.feature_ids, []) AS feature_ids
FROM groups g
LEFT JOIN gathered r ON r.group_index = g.group_index
ORDER BY g.group_index
