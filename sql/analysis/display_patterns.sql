-- version: 2
-- description: By what a feature's sampled examples are alike: what they say (semantic), an n-gram that
--   they share (lexical), both or neither. Features with display.min_examples sampled examples.
-- key: feature_id
-- column feature_id: the feature
-- column pattern_type: Both, Semantic, Lexical or None
-- column semantic_similarity: mean_pairwise_similarity of its sampled windows
-- column char_share: share of pairs of examples that both hold the top character n-gram
-- column word_share: the same of the top word n-gram
-- column char_ngram: the character n-gram that its examples share most; null where none does
-- column word_ngram: the word n-gram that its examples share most; null where none does
WITH shared AS (
    SELECT
        feature_id,
        max(share) FILTER (kind = 'characters') AS char_share,
        max(share) FILTER (kind = 'words') AS word_share,
        max(ngram) FILTER (kind = 'characters') AS char_ngram,
        max(ngram) FILTER (kind = 'words') AS word_ngram
    FROM analysis.shared_ngrams
    GROUP BY feature_id
),

compared AS (
    SELECT
        n.*,
        s.mean_similarity,
        s.mean_similarity > $display_semantic_threshold AS is_semantic,
        greatest(n.char_share, n.word_share) > $display_lexical_threshold AS is_lexical
    FROM shared n
    JOIN analysis.activation_similarity s ON s.feature_id = n.feature_id
    JOIN staging.default_model m ON m.model = s.model
    WHERE s.num_examples >= $display_min_examples
)

SELECT
    feature_id,
    CASE
        WHEN is_semantic AND is_lexical THEN 'Both'
        WHEN is_semantic THEN 'Semantic'
        WHEN is_lexical THEN 'Lexical'
        ELSE 'None'
    END AS pattern_type,
    mean_similarity AS semantic_similarity,
    char_share,
    word_share,
    char_ngram,
    word_ngram
FROM compared
ORDER BY feature_id
