-- version: 1
-- description: Every activation example with its prompt's tokens; silent ones too.
-- kind: view
-- key: feature_id, prompt_id
-- order: feature_id, prompt_id
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column prompt_id UInt32: 0-based place in prompts.json
-- column prompt_tokens List(Utf8): the prompt
-- column num_activations UInt32: number of activation pairs
-- column max_activation Float32: the largest value, null when silent
-- column activation_pairs List(Struct(token_position UInt32, activation_value Float32)): in the record's order
SELECT
    e.feature_id,
    sae.sae_id,
    e.prompt_id,
    p.tokens AS prompt_tokens,
    e.num_activations,
    e.max_activation,
    list_transform(
        list_zip(e.positions, e.activations),
        lambda pair: {'token_position': pair[1], 'activation_value': pair[2]}
    ) AS activation_pairs
FROM staging.activation_examples e
CROSS JOIN staging.sae sae
JOIN staging.prompts p ON p.prompt_id = e.prompt_id
