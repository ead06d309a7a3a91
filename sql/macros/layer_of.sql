-- version: 1
-- description: The layer that an SAE's id names: layer_30, layers.5, blocks.7, h.11, or a number that the
--   last part begins with, as Neuronpedia writes it (gemma-2-2b/20-gemmascope-res-16k); null if none.
CREATE OR REPLACE MACRO layer_of(sae_id) AS
    CASE
        WHEN regexp_matches(sae_id, '(^|[^a-z])(layers?|blocks?|h)[._/-]?[0-9]{1,4}([^0-9]|$)')
            THEN regexp_extract(sae_id, '(?:^|[^a-z])(?:layers?|blocks?|h)[._/-]?([0-9]{1,4})(?:[^0-9]|$)', 1)::INTEGER
        WHEN regexp_matches(sae_id, '/[0-9]{1,4}-[^/]*$')
            THEN regexp_extract(sae_id, '/([0-9]{1,4})-[^/]*$', 1)::INTEGER
    END
