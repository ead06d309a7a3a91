-- Sources a1 and a2 are of one explainer and scorer: the larger score. A null score, and one of an explanation that is not there (feature 2), have no
-- row. intruder judges no explanation: its explainer is null. Both scorers tie in fuzz.
-- given analysis.scores: source VARCHAR, feature_id BIGINT, method VARCHAR, score DOUBLE, of_explanation BOOLEAN
('a1', 1, 'fuzz', 0.5, true), ('a2', 1, 'fuzz', 0.75, true), ('a3', 1, 'fuzz', 0.75, true), ('a1', 1, 'detection', NULL, true),
('a1', 2, 'fuzz', 1, true), ('a1', 2, 'intruder', 0.25, false),
-- given staging.sources: source VARCHAR, explainer_short VARCHAR, scorer_short VARCHAR
('a1', 'a', 'x'), ('a2', 'a', 'x'), ('a3', 'a', 'y'),
-- given staging.scorers: scorer_short VARCHAR, scorer VARCHAR
('x', 'X'), ('y', 'Y'),
-- given staging.explainers: explainer_short VARCHAR, explainer_order INTEGER
('a', 0),
-- given analysis.explanations: feature_id BIGINT, explainer_order INTEGER, explainer VARCHAR
(1, 0, 'A'),
-- expect: feature_id, llm_explainer, scorer, method, score
(1, 'A', 'X', 'fuzz', 0.75), (1, 'A', 'Y', 'fuzz', 0.75), (2, NULL, 'X', 'intruder', 0.25),
