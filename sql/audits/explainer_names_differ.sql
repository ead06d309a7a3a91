-- version: 1
-- description: No two explainers, and no two scorers, have the same full name.
-- hint: give each short name a full name of its own under [models] in warehouse.toml
SELECT 'explainers '
    || string_agg(explainer_short, ', ' ORDER BY explainer_short)
    || ' are all called "'
    || explainer
    || '"' AS message
FROM staging.explainers
GROUP BY explainer
HAVING count(*) > 1
UNION ALL
SELECT 'scorers '
    || string_agg(scorer_short, ', ' ORDER BY scorer_short)
    || ' are all called "'
    || scorer
    || '"' AS message
FROM staging.scorers
GROUP BY scorer
HAVING count(*) > 1
