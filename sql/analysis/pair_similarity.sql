-- version: 2
-- description: Mean cosine similarity of all pairs of a feature's and a selected neighbour's windows, of the
--   pairs.per_quantile first examples of each quantile on either side: the mean over the neighbour's
--   windows of their similarity to the feature's mean window.
-- key: model, feature_id, neighbour_order
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column neighbour_order: 1-based place among the selected neighbours
-- column neighbour_id: the neighbour's feature id
-- column comparisons: pairs of windows
-- column similarity: as it is, negative ones too
WITH sought AS MATERIALIZED (  -- so that DuckDB holds these while it joins, and not all vectors
    SELECT s.feature_id, s.sample_order, t.text_key
    FROM analysis.samples s
    JOIN texts.windows t ON t.feature_id = s.feature_id AND t.prompt_id = s.prompt_id
    WHERE s.rank <= $pairs_per_quantile
        AND s.feature_id IN (SELECT neighbour_id FROM analysis.selected_neighbours)
),

windows AS (
    SELECT v.model, s.feature_id, s.sample_order, v.vector::DOUBLE[] AS vector
    FROM sought s
    JOIN vectors.windows v ON v.text_key = s.text_key
),

compared AS (
    SELECT
        a.model,
        n.feature_id,
        n.neighbour_order,
        n.neighbour_id,
        a.num_examples,
        b.sample_order,
        list_inner_product(a.vector, b.vector)
            / nullif(sqrt(list_inner_product(b.vector, b.vector)), 0) AS similarity
    FROM analysis.selected_neighbours n
    JOIN analysis.mean_windows a ON a.feature_id = n.feature_id
    JOIN windows b ON b.feature_id = n.neighbour_id AND b.model = a.model
)

-- The mean in the order of the sample: a sum of doubles depends on it, and so would the content hash.
SELECT
    model,
    feature_id,
    neighbour_order,
    neighbour_id,
    any_value(num_examples) * count(*)::INTEGER AS comparisons,
    list_avg(list(coalesce(similarity, 0) ORDER BY sample_order)) AS similarity
FROM compared
GROUP BY model, feature_id, neighbour_order, neighbour_id
ORDER BY model, feature_id, neighbour_order
