-- version: 1
-- description: The explainer-scorer runs: directories named <explainer>_e-<scorer>_s.
-- key: source
SELECT
    source,
    regexp_extract(source, '^(.+)_e-(.+)_s$', 1) AS explainer_short,
    regexp_extract(source, '^(.+)_e-(.+)_s$', 2) AS scorer_short
FROM raw.sources
