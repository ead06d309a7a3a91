-- version: 3
-- description: Whether the aligned phrases of a feature's explanations match what it fires on.
-- key: feature_id
-- order: feature_id
-- column feature_id UInt32: the feature
-- column sae_id Categorical: the SAE
-- column pattern_type Categorical: semantic, lexical, both or none
-- column activation_semantic_sim Float32: mean_pairwise_similarity of its examples
-- column activation_max_jaccard Float32: the largest of its mean Jaccards
-- column selected_ngram Struct(ngram Utf8, ngram_size UInt8, jaccard_score Float32, count UInt16,
--   activation_positions List(Struct(prompt_id UInt32, positions List(UInt16)))):
--   the top n-gram of the n with the largest mean Jaccard
-- column num_aligned_phrases UInt16: phrases of the aligned groups, with repetitions
-- column matches List(Struct(phrase_text Utf8, explainer_name Utf8, phrase_chunk_index UInt16,
--   semantic_similarity Float32, match_type Utf8)):
--   phrases matched by the lexical or the semantic context, or both
-- column mismatches List(Struct(item_text Utf8, item_type Utf8, mismatch_type Utf8, explainer_name Utf8,
--   semantic_similarity Float32)):
--   unmatched phrases, then the contexts that matched nothing
-- column num_matches UInt16: number of matches
-- column num_mismatches UInt16: number of unmatched phrases
-- column match_rate Float32: matches ÷ (matches + unmatched); 0 when nothing was tried
WITH types AS (
    SELECT t.*
    FROM analysis.pattern_types t
    JOIN staging.default_model m ON m.model = t.model
),

counted AS (
    SELECT feature_id, count(*) AS num_phrases
    FROM analysis.aligned_phrases a
    JOIN staging.default_model m ON m.model = a.model
    GROUP BY feature_id
),

results AS (
    SELECT
        feature_id,
        list(
            {
                'phrase_text': text,
                'explainer_name': explainer,
                'phrase_chunk_index': chunk_index,
                'semantic_similarity': similarity,
                'match_type': match_type
            }
            ORDER BY candidate_order
        ) FILTER (match_type IS NOT NULL) AS matches,
        list(
            {
                'item_text': text,
                'item_type': 'phrase',
                'mismatch_type': 'explanation_only',
                'explainer_name': explainer,
                'semantic_similarity': similarity
            }
            ORDER BY candidate_order
        ) FILTER (match_type IS NULL) AS unmatched
    FROM analysis.phrase_results r
    JOIN staging.default_model m ON m.model = r.model
    GROUP BY feature_id
),

methods AS (
    SELECT
        feature_id,
        method,
        max(similarity) AS similarity
    FROM analysis.phrase_matching p
    JOIN staging.default_model m ON m.model = p.model
    GROUP BY feature_id, method
    HAVING max(similarity) < $matching_threshold::FLOAT
),

unexplained AS (
    SELECT
        m.feature_id,
        list(
            {
                'item_text': CASE WHEN m.method = 'lexical' THEN t.selected_ngram ELSE c.text END,
                'item_type': CASE WHEN m.method = 'lexical' THEN 'ngram' ELSE 'semantic_context' END,
                'mismatch_type': 'activation_only',
                'explainer_name': NULL::VARCHAR,
                'semantic_similarity': m.similarity
            }
            ORDER BY m.method
        ) AS contexts
    FROM methods m
    JOIN types t ON t.feature_id = m.feature_id
    LEFT JOIN texts.semantic_contexts c
        ON c.model = t.model AND c.feature_id = m.feature_id AND c.context_order = 1
    GROUP BY m.feature_id
)

SELECT
    t.feature_id,
    sae.sae_id,
    t.pattern_type,
    t.mean_similarity AS activation_semantic_sim,
    t.max_jaccard AS activation_max_jaccard,
    CASE
        WHEN t.selected_n IS NOT NULL
            THEN {
                'ngram': t.selected_ngram,
                'ngram_size': t.selected_n,
                'jaccard_score': t.max_jaccard,
                'count': least(t.selected_count, 65535),
                'activation_positions': t.selected_occurrences
            }
    END AS selected_ngram,
    coalesce(c.num_phrases, 0) AS num_aligned_phrases,
    coalesce(r.matches, []) AS matches,
    list_concat(coalesce(r.unmatched, []), coalesce(u.contexts, [])) AS mismatches,
    coalesce(len(r.matches), 0) AS num_matches,
    coalesce(len(r.unmatched), 0) AS num_mismatches,
    (coalesce(len(r.matches), 0)
        / greatest(coalesce(len(r.matches), 0) + coalesce(len(r.unmatched), 0), 1))::FLOAT AS match_rate
FROM types t
CROSS JOIN staging.sae sae
LEFT JOIN counted c ON c.feature_id = t.feature_id
LEFT JOIN results r ON r.feature_id = t.feature_id
LEFT JOIN unexplained u ON u.feature_id = t.feature_id
ORDER BY t.feature_id
