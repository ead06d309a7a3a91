-- version: 1
-- description: activation_examples.activation_pairs flattened: one row per token on which a feature fires.
-- kind: view
-- key: feature_id, prompt_id, token_position
-- column feature_id: the feature
-- column prompt_id: 0-based place in prompts.json
-- column token_position: 0-based place in the prompt
-- column token: the token there
-- column activation_value: how strongly the feature fires on it
WITH pairs AS (
    SELECT
        feature_id,
        prompt_id,
        unnest(positions) AS token_position,
        unnest(activations) AS activation_value
    FROM staging.activation_examples
)

SELECT
    a.feature_id,
    a.prompt_id,
    a.token_position,
    p.tokens[a.token_position + 1] AS token,
    a.activation_value
FROM pairs a
JOIN staging.prompts p ON p.prompt_id = a.prompt_id
