-- SPEC.md 4.7: groups in order of opening (they tie in score), phrases in chunk order; an explained feature without a group has none, not null. Explainers in their order.
-- given analysis.aligned_phrases: model VARCHAR, feature_id BIGINT, group_id INTEGER, group_similarity FLOAT, phrase_order BIGINT, explainer VARCHAR, chunk_index INTEGER, text VARCHAR
('m', 1, 1, 0.75, 3, 'B', 1, 'd'), ('m', 1, 1, 0.75, 1, 'A', 1, 'b'), ('m', 1, 0, 0.75, 2, 'B', 0, 'c'), ('m', 1, 0, 0.75, 0, 'A', 0, 'a'), ('n', 2, 0, 1, 0, 'A', 0, 'x'),
-- given staging.default_model: model VARCHAR
('m'),
-- given analysis.explanations: feature_id BIGINT, explainer_order INTEGER, explainer VARCHAR
(2, 0, 'A'), (1, 1, 'B'), (1, 0, 'A'),
-- given staging.sae: sae_id VARCHAR
('sae/x'),
-- expect: feature_id, sae_id, llm_explainers, num_aligned_groups, aligned_groups
(1, 'sae/x', ['A', 'B'], 2, [
    {'aligned_group_id': 0, 'similarity_score': 0.75, 'phrases': [{'explainer_name': 'A', 'text': 'a', 'chunk_index': 0}, {'explainer_name': 'B', 'text': 'c', 'chunk_index': 0}]},
    {'aligned_group_id': 1, 'similarity_score': 0.75, 'phrases': [{'explainer_name': 'A', 'text': 'b', 'chunk_index': 1}, {'explainer_name': 'B', 'text': 'd', 'chunk_index': 1}]}]),
(2, 'sae/x', ['A'], 0, []),
