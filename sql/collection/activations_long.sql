-- version: 1
-- description: analysis.activations_long of all members, from their master files: one row per token that fires.
-- kind: view
-- column member: the member
-- column sae_id: its SAE
-- column feature_id: the feature
-- column prompt_id: the prompt
-- column token_position: 0-based position of the token
-- column token: the token
-- column activation_value: the activation
WITH pairs AS (
    SELECT member, sae_id, feature_id, prompt_id, prompt_tokens, unnest(activation_pairs) AS pair
    FROM master.activation_examples
)

SELECT
    member,
    sae_id,
    feature_id,
    prompt_id,
    pair.token_position AS token_position,
    prompt_tokens[pair.token_position + 1] AS token,
    pair.activation_value AS activation_value
FROM pairs
