-- version: 1
-- description: The mean of the unit vectors of the windows of each feature that has selected neighbours: of
--   the pairs.per_quantile first examples of each quantile. Its inner product with a unit vector is the
--   mean cosine similarity of the windows to that vector.
-- key: model, feature_id
-- column model: the embedding model, as named in the settings
-- column feature_id: a feature that has selected neighbours
-- column num_examples: windows
-- column vector: the mean; a zero vector counts as zeros
WITH windows AS (
    SELECT
        m.model_order,
        s.feature_id,
        v.vector::DOUBLE[] AS vector,
        sqrt(list_inner_product(v.vector::DOUBLE[], v.vector::DOUBLE[])) AS length
    FROM analysis.samples s
    JOIN texts.windows t ON t.feature_id = s.feature_id AND t.prompt_id = s.prompt_id
    JOIN vectors.windows v ON v.text_key = t.text_key
    JOIN staging.embedding_models m ON m.model = v.model
    WHERE s.rank <= $pairs_per_quantile
        AND s.feature_id IN (SELECT feature_id FROM analysis.selected_neighbours)
),

numbers AS (
    SELECT
        model_order,
        feature_id,
        unnest(range(1, len(vector) + 1))::INTEGER AS place,
        unnest(vector) / length AS number
    FROM windows
    WHERE length > 0
),

-- Added as whole numbers of 2^-50: in any order they give the same sum.
added AS (
    SELECT
        model_order,
        feature_id,
        place,
        sum(round(number * 2::DOUBLE ^ 50)::BIGINT)::DOUBLE / 2::DOUBLE ^ 50 AS total
    FROM numbers
    GROUP BY model_order, feature_id, place
),

totals AS (
    SELECT model_order, feature_id, list(total ORDER BY place) AS totals
    FROM added
    GROUP BY model_order, feature_id
),

counted AS (
    SELECT model_order, feature_id, count(*)::INTEGER AS num_examples, max(len(vector)) AS dimension
    FROM windows
    GROUP BY model_order, feature_id
)

SELECT
    m.model,
    c.feature_id,
    c.num_examples,
    list_transform(
        coalesce(t.totals, list_resize([]::DOUBLE[], c.dimension, 0)), lambda total: total / c.num_examples
    ) AS vector
FROM counted c
JOIN staging.embedding_models m ON m.model_order = c.model_order
LEFT JOIN totals t ON t.model_order = c.model_order AND t.feature_id = c.feature_id
ORDER BY m.model, c.feature_id
