-- version: 3
-- description: The sources: explainer-scorer runs in directories named <explainer>_e-<scorer>_s, Delphi
--   runs under any name, whose one LLM both explains and scores, the explainers of an export, and files of SAEBench,
--   whose one LLM both explains and scores.
-- key: source
-- column explainer_short: what the settings call the explainer
-- column scorer_short: what the settings call the scorer; null of an export, which has no scores
-- column data_source: what the masters name it by: the source, of an export its directory under raw/
SELECT
    source,
    CASE
        WHEN regexp_full_match(source, '(?s)(.+)_e-(.+)_s') THEN regexp_extract(source, '^(.+)_e-(.+)_s$', 1)
        ELSE source
    END AS explainer_short,
    CASE
        WHEN regexp_full_match(source, '(?s)(.+)_e-(.+)_s') THEN regexp_extract(source, '^(.+)_e-(.+)_s$', 2)
        ELSE source
    END AS scorer_short,
    source AS data_source
FROM raw.sources
UNION ALL
SELECT DISTINCT source, explainer AS explainer_short, NULL AS scorer_short, export AS data_source
FROM staging.export_explanations
WHERE status = 'kept'
UNION ALL
SELECT source, min(model) AS explainer_short, min(model) AS scorer_short, source AS data_source
FROM staging.saebench
WHERE status = 'kept'
GROUP BY source
