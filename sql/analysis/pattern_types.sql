-- version: 2
-- description: Per embedding model and explained feature its pattern type, and its selected n-gram.
-- key: model, feature_id
-- collected: yes
-- column model: the embedding model, as named in the settings
-- column feature_id: the feature
-- column pattern_type: semantic, lexical, both or none
-- column is_semantic: mean_similarity is above patterns.semantic_threshold
-- column is_lexical: max_jaccard is above patterns.lexical_threshold
-- column mean_similarity: mean pairwise similarity of its sampled windows
-- column max_jaccard: the largest of its mean Jaccards
-- column selected_n: the n with the largest mean Jaccard (ties: smaller n); null where that n has no
--   top n-gram
-- column selected_ngram: the top n-gram of that n
-- column selected_count: its occurrences
-- column selected_occurrences: where it occurs: see analysis.top_ngrams
WITH typed AS (
    SELECT
        m.model,
        f.feature_id,
        s.mean_similarity,
        j.mean_jaccard AS max_jaccard,
        j.ngram_size AS n,
        coalesce(s.mean_similarity > $patterns_semantic_threshold::FLOAT, false) AS is_semantic,
        coalesce(j.mean_jaccard > $patterns_lexical_threshold::FLOAT, false) AS is_lexical
    FROM staging.features f
    CROSS JOIN staging.embedding_models m
    LEFT JOIN analysis.activation_similarity s ON s.model = m.model AND s.feature_id = f.feature_id
    LEFT JOIN analysis.ngrams_long j ON j.feature_id = f.feature_id AND j.is_selected
    WHERE f.num_explanations > 0
)

SELECT
    t.model,
    t.feature_id,
    CASE
        WHEN t.is_semantic AND t.is_lexical THEN 'both'
        WHEN t.is_semantic THEN 'semantic'
        WHEN t.is_lexical THEN 'lexical'
        ELSE 'none'
    END AS pattern_type,
    t.is_semantic,
    t.is_lexical,
    t.mean_similarity,
    t.max_jaccard,
    g.n AS selected_n,
    g.ngram AS selected_ngram,
    g.count AS selected_count,
    g.occurrences AS selected_occurrences
FROM typed t
LEFT JOIN analysis.top_ngrams g ON g.feature_id = t.feature_id AND g.n = t.n
