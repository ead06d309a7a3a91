-- version: 1
-- description: An SAE id, or a part of one, in its one spelling: where `--` stands for `/`, `/`.
CREATE OR REPLACE MACRO sae_name(id) AS
    CASE WHEN contains(id, '/') THEN id ELSE replace(id, '--', '/') END
