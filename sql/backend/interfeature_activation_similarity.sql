-- version: 2
-- description: Of each explained feature and its selected neighbours the pairs whose examples are alike, by
--   what they say (semantic) or by an n-gram that both sides hold (lexical); a pair may be both.
-- key: feature_id
-- order: feature_id
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column semantic_pairs List(Struct(similar_feature_id UInt32, decoder_similarity Float32, pattern_type Utf8,
--   semantic_similarity Float32, char_jaccard Float32, word_jaccard Float32, main_prompt_ids List(UInt32),
--   similar_prompt_ids List(UInt32), num_comparisons UInt32, max_char_ngram Utf8, max_char_ngram_size UInt8,
--   max_word_ngram Utf8, max_word_ngram_size UInt8, main_char_ngram_positions List(Struct(prompt_id UInt32,
--   positions List(Struct(token_position UInt16, char_offset UInt8)))), similar_char_ngram_positions
--   List(Struct(prompt_id UInt32, positions List(Struct(token_position UInt16, char_offset UInt8)))),
--   main_word_ngram_positions List(Struct(prompt_id UInt32, positions List(UInt16))),
--   similar_word_ngram_positions List(Struct(prompt_id UInt32, positions List(UInt16))))):
--   pairs above pairs.semantic_threshold, nearest neighbour first; the jaccards are ratios of holders
-- column lexical_pairs List(Struct(similar_feature_id UInt32, decoder_similarity Float32, pattern_type Utf8,
--   semantic_similarity Float32, char_jaccard Float32, word_jaccard Float32, main_prompt_ids List(UInt32),
--   similar_prompt_ids List(UInt32), num_comparisons UInt32, max_char_ngram Utf8, max_char_ngram_size UInt8,
--   max_word_ngram Utf8, max_word_ngram_size UInt8, main_char_ngram_positions List(Struct(prompt_id UInt32,
--   positions List(Struct(token_position UInt16, char_offset UInt8)))), similar_char_ngram_positions
--   List(Struct(prompt_id UInt32, positions List(Struct(token_position UInt16, char_offset UInt8)))),
--   main_word_ngram_positions List(Struct(prompt_id UInt32, positions List(UInt16))),
--   similar_word_ngram_positions List(Struct(prompt_id UInt32, positions List(UInt16))))):
--   pairs above pairs.char_threshold or pairs.word_threshold
WITH sampled AS (
    SELECT feature_id, list(prompt_id ORDER BY sample_order) AS prompt_ids
    FROM analysis.samples
    WHERE rank <= $pairs_per_quantile
    GROUP BY feature_id
),

pairs AS (
    SELECT
        n.feature_id,
        n.neighbour_order,
        n.neighbour_id,
        n.cosine_similarity,
        s.similarity,
        c.ngram AS char_ngram,
        c.ngram_size AS char_size,
        c.ratio AS char_ratio,
        w.ngram AS word_ngram,
        w.ngram_size AS word_size,
        w.ratio AS word_ratio,
        s.similarity > $pairs_semantic_threshold AS is_semantic,
        coalesce(c.ratio > $pairs_char_threshold, false)
            OR coalesce(w.ratio > $pairs_word_threshold, false) AS is_lexical
    FROM analysis.selected_neighbours n
    JOIN analysis.pair_similarity s ON s.feature_id = n.feature_id AND s.neighbour_order = n.neighbour_order
    JOIN staging.default_model m ON m.model = s.model
    JOIN analysis.pair_ngrams c
        ON c.feature_id = n.feature_id AND c.neighbour_order = n.neighbour_order AND c.kind = 'characters'
    JOIN analysis.pair_ngrams w
        ON w.feature_id = n.feature_id AND w.neighbour_order = n.neighbour_order AND w.kind = 'words'
),

places AS (
    SELECT feature_id, neighbour_order, kind, 'main' AS side, unnest(places) AS place
    FROM analysis.pair_ngrams
    UNION ALL
    SELECT feature_id, neighbour_order, kind, 'similar' AS side, unnest(neighbour_places) AS place
    FROM analysis.pair_ngrams
),

by_example AS (
    SELECT
        feature_id,
        neighbour_order,
        kind,
        side,
        place.sample_order AS sample_order,
        place.prompt_id AS prompt_id,
        list(
            {'token_position': place.position, 'char_offset': place.char_offset}
            ORDER BY place.position, place.char_offset
        ) AS positions
    FROM places
    WHERE place.rank <= $pairs_shown
    GROUP BY feature_id, neighbour_order, kind, side, place.sample_order, place.prompt_id
),

located AS (
    SELECT
        feature_id,
        neighbour_order,
        list({'prompt_id': prompt_id, 'positions': positions} ORDER BY sample_order)
            FILTER (side = 'main' AND kind = 'characters') AS main_chars,
        list({'prompt_id': prompt_id, 'positions': positions} ORDER BY sample_order)
            FILTER (side = 'similar' AND kind = 'characters') AS similar_chars,
        list(
            {'prompt_id': prompt_id, 'positions': list_transform(positions, lambda p: p.token_position)}
            ORDER BY sample_order
        ) FILTER (side = 'main' AND kind = 'words') AS main_words,
        list(
            {'prompt_id': prompt_id, 'positions': list_transform(positions, lambda p: p.token_position)}
            ORDER BY sample_order
        ) FILTER (side = 'similar' AND kind = 'words') AS similar_words
    FROM by_example
    GROUP BY feature_id, neighbour_order
),

described AS (
    SELECT
        p.feature_id,
        p.neighbour_order,
        t.pattern_type,
        {
            'similar_feature_id': p.neighbour_id,
            'decoder_similarity': p.cosine_similarity,
            'pattern_type': t.pattern_type,
            'semantic_similarity': least(greatest(p.similarity, 0), 1),
            'char_jaccard': p.char_ratio,
            'word_jaccard': p.word_ratio,
            'main_prompt_ids': a.prompt_ids,
            'similar_prompt_ids': b.prompt_ids,
            'num_comparisons': len(a.prompt_ids) * len(b.prompt_ids),
            'max_char_ngram': p.char_ngram,
            'max_char_ngram_size': p.char_size,
            'max_word_ngram': p.word_ngram,
            'max_word_ngram_size': p.word_size,
            'main_char_ngram_positions': coalesce(l.main_chars, []),
            'similar_char_ngram_positions': coalesce(l.similar_chars, []),
            'main_word_ngram_positions': coalesce(l.main_words, []),
            'similar_word_ngram_positions': coalesce(l.similar_words, [])
        } AS pair
    FROM pairs p
    JOIN (SELECT unnest(['Semantic', 'Lexical']) AS pattern_type) t
        ON CASE t.pattern_type WHEN 'Semantic' THEN p.is_semantic ELSE p.is_lexical END
    JOIN sampled a ON a.feature_id = p.feature_id
    JOIN sampled b ON b.feature_id = p.neighbour_id
    LEFT JOIN located l ON l.feature_id = p.feature_id AND l.neighbour_order = p.neighbour_order
),

listed AS (
    SELECT
        feature_id,
        list(pair ORDER BY neighbour_order) FILTER (pattern_type = 'Semantic') AS semantic_pairs,
        list(pair ORDER BY neighbour_order) FILTER (pattern_type = 'Lexical') AS lexical_pairs
    FROM described
    GROUP BY feature_id
)

SELECT
    f.feature_id,
    sae.sae_id,
    coalesce(l.semantic_pairs, []) AS semantic_pairs,
    coalesce(l.lexical_pairs, []) AS lexical_pairs
FROM staging.features f
CROSS JOIN staging.sae sae
LEFT JOIN listed l ON l.feature_id = f.feature_id
WHERE f.num_explanations > 0
ORDER BY f.feature_id
