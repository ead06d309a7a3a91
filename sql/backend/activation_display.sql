-- version: 1
-- description: What a reader sees of a feature: of each quantile its strongest examples, what its examples
--   share, and by what they are alike. Every feature with display.min_examples sampled examples,
--   explained or not.
-- kind: view
-- counted: no
-- key: feature_id
-- order: feature_id
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column pattern_type Categorical: Both, Semantic, Lexical or None
-- column semantic_similarity Float32: mean_pairwise_similarity of its sampled windows
-- column char_ngram_max_jaccard Float32: share of pairs of examples that both hold the top character
--   n-gram; the name is the reader's
-- column word_ngram_max_jaccard Float32: the same of the top word n-gram
-- column top_char_ngram_text Utf8: the character n-gram that its examples share most; null where none does
-- column top_word_ngram_text Utf8: the word n-gram that its examples share most; null where none does
-- column quantile_examples List(Struct(quantile_index Int64, prompt_id Int64, prompt_tokens List(Utf8),
--   activation_pairs List(Struct(token_position Int64, activation_value Float64)), max_activation Float64,
--   max_activation_position Int64, char_ngram_positions List(Struct(token_position Int64, char_offset
--   Int64)), word_ngram_positions List(Int64))):
--   by quantile, then rank; tokens as people read them; positions of the two n-grams in their windows
WITH tokens AS (
    SELECT prompt_id, unnest(tokens) AS token, unnest(range(len(tokens))) AS position
    FROM staging.prompts
    WHERE prompt_id IN (SELECT prompt_id FROM analysis.displayed_examples)
),

forms AS (
    SELECT t.prompt_id, list(f.form ORDER BY t.position) AS tokens
    FROM tokens t
    JOIN staging.token_forms f ON f.token = t.token
    GROUP BY t.prompt_id
),

examples AS (
    SELECT
        e.feature_id,
        list(
            {
                'quantile_index': e.quantile - 1,
                'prompt_id': e.prompt_id,
                'prompt_tokens': f.tokens,
                'activation_pairs': list_transform(
                    list_zip(e.positions, e.activations),
                    lambda pair: {'token_position': pair[1], 'activation_value': pair[2]}
                ),
                'max_activation': e.max_activation,
                'max_activation_position': e.max_position,
                'char_ngram_positions': e.char_positions,
                'word_ngram_positions': e.word_positions
            }
            ORDER BY e.sample_order
        ) AS quantile_examples
    FROM analysis.displayed_examples e
    JOIN forms f ON f.prompt_id = e.prompt_id
    GROUP BY e.feature_id
)

SELECT
    d.feature_id,
    sae.sae_id,
    d.pattern_type,
    d.semantic_similarity,
    d.char_share AS char_ngram_max_jaccard,
    d.word_share AS word_ngram_max_jaccard,
    d.char_ngram AS top_char_ngram_text,
    d.word_ngram AS top_word_ngram_text,
    e.quantile_examples
FROM analysis.display_patterns d
CROSS JOIN staging.sae sae
JOIN examples e ON e.feature_id = d.feature_id
