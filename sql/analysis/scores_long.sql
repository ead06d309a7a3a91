-- version: 1
-- description: features.scores flattened: a row a score. What was not scored has no row.
-- kind: view
-- key: feature_id, llm_explainer, scorer, method
-- column feature_id: the feature
-- column llm_explainer: full name of the explainer
-- column scorer: full name of the scorer
-- column method: fuzz, detection, simulation or embedding
-- column score: see analysis.scores
WITH scored AS (
    SELECT feature_id, llm_explainer, unnest(scores) AS s
    FROM master.features
),

methods AS (
    SELECT
        feature_id,
        llm_explainer,
        s.scorer AS scorer,
        unnest([
            {'method': 'fuzz', 'score': s.fuzz},
            {'method': 'detection', 'score': s.detection},
            {'method': 'simulation', 'score': s.simulation},
            {'method': 'embedding', 'score': s.embedding}
        ]) AS m
    FROM scored
)

SELECT feature_id, llm_explainer, scorer, m.method AS method, m.score AS score
FROM methods
WHERE m.score IS NOT NULL
