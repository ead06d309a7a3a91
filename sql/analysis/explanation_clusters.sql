-- version: 1
-- description: Which Ward cluster each explanation is in, for each number of clusters; none while
--   projections.enabled is false.
-- kind: view
-- key: feature_id, llm_explainer, num_clusters
-- column feature_id: the feature
-- column llm_explainer: full name of the explainer
-- column num_clusters: how many clusters there are (a number of projections.clusters)
-- column cluster: the cluster, 0 the largest
SELECT p.feature_id, p.llm_explainer, c.num_clusters, c.cluster
FROM analysis.explanation_projection p
CROSS JOIN unnest(p.clusters) AS u(c)
