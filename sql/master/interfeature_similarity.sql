-- version: 3
-- description: How an explained feature's examples compare with those of its nearest decoder
--   neighbours.
-- key: feature_id
-- order: feature_id
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column selected_features List(Struct(feature_id UInt32, decoder_similarity Float32, sample_info
--   List(Struct(quantile UInt8, prompt_id UInt32, max_activation Float32)))):
--   the nearest neighbours that have sampled examples, each with one example per quantile
-- column similarity_pairs List(Struct(main_feature_id UInt32, main_prompt_id UInt32, main_quantile UInt8,
--   selected_feature_id UInt32, selected_prompt_id UInt32, selected_quantile UInt8, semantic_similarity
--   Float32)):
--   cosine similarity of each pair of windows
-- column ngram_analysis List(Struct(ngram Utf8, ngram_size UInt8, jaccard_score Float32, count UInt16,
--   occurrences List(Struct(feature_id UInt32, prompt_id UInt32, positions List(UInt16))))):
--   per neighbour and n the mean Jaccard over the pairs and the most frequent shared n-gram
--   (null, with count 0, where the sides share none)
WITH sampled AS (
    SELECT
        feature_id,
        list(
            {'quantile': quantile, 'prompt_id': prompt_id, 'max_activation': max_activation}
            ORDER BY sample_order
        ) AS sample_info
    FROM analysis.samples
    WHERE rank <= $interfeature_per_quantile
    GROUP BY feature_id
),

selected AS (
    SELECT
        n.feature_id,
        list(
            {
                'feature_id': n.neighbour_id,
                'decoder_similarity': n.cosine_similarity,
                'sample_info': s.sample_info
            }
            ORDER BY n.neighbour_order
        ) AS selected_features
    FROM analysis.selected_neighbours n
    JOIN sampled s ON s.feature_id = n.neighbour_id
    GROUP BY n.feature_id
),

pairs AS (
    SELECT
        feature_id,
        list(
            {
                'main_feature_id': feature_id,
                'main_prompt_id': prompt_id,
                'main_quantile': quantile,
                'selected_feature_id': neighbour_id,
                'selected_prompt_id': neighbour_prompt_id,
                'selected_quantile': neighbour_quantile,
                'semantic_similarity': similarity
            }
            ORDER BY neighbour_order, sample_order, neighbour_sample_order
        ) AS similarity_pairs
    FROM analysis.neighbour_pairs p
    JOIN staging.default_model m ON m.model = p.model
    GROUP BY feature_id
),

ngrams AS (
    SELECT
        feature_id,
        list(
            {
                'ngram': ngram,
                'ngram_size': n,
                'jaccard_score': mean_jaccard,
                'count': least(count, 65535),
                'occurrences': coalesce(occurrences, [])
            }
            ORDER BY neighbour_order, list_position($ngrams_sizes::INTEGER[], n)
        ) AS ngram_analysis
    FROM analysis.neighbour_ngrams
    GROUP BY feature_id
)

SELECT
    f.feature_id,
    sae.sae_id,
    coalesce(s.selected_features, []) AS selected_features,
    coalesce(p.similarity_pairs, []) AS similarity_pairs,
    coalesce(n.ngram_analysis, []) AS ngram_analysis
FROM staging.features f
CROSS JOIN staging.sae sae
LEFT JOIN selected s ON s.feature_id = f.feature_id
LEFT JOIN pairs p ON p.feature_id = f.feature_id
LEFT JOIN ngrams n ON n.feature_id = f.feature_id
WHERE f.num_explanations > 0
ORDER BY f.feature_id
