-- version: 1
-- description: The embedding models: the default one, whose figures the master files hold, and those
--   that run beside it.
-- key: model
-- column model: as named in the settings
-- column model_order: 0-based, the default first
SELECT
    (list_position(models, model) - 1)::INTEGER AS model_order,
    model,
    model = $embedding_model AS is_default
FROM (
    SELECT models, unnest(models) AS model
    FROM (
        SELECT list_prepend(
            $embedding_model,
            list_filter($embedding_beside::VARCHAR[], lambda m: m <> $embedding_model)
        ) AS models
    )
)
