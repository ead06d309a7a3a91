-- version: 2
-- description: What the report begins with: how much was read and made, by which build.
SELECT
    (SELECT sae_id FROM staging.sae) AS sae_id,
    (SELECT model FROM staging.default_model) AS embedding_model,
    (SELECT count(*) FROM staging.features) AS features,
    (SELECT count(*) FROM staging.features WHERE num_explanations > 0) AS explained,
    (SELECT count(*) FROM analysis.explanations) AS explanations,
    (SELECT sum(num_examples) FROM staging.features) AS examples,
    (SELECT count(score) FROM analysis.scores) AS scores,
    (SELECT count(*) FROM quarantine.records) AS quarantined
