-- version: 5
-- description: One row per feature with what one sorts and filters by: pattern type, similarity,
--   scores over all explainers and scorers, matches, first explanation,
--   statistics, and a column for each of a user's own figures and tags that are the feature's own.
--   `features` lists it.
-- key: feature_id
-- collected: yes
-- column feature_id: the feature
-- column sae_id: the SAE
-- column num_examples: activation examples, silent ones too
-- column num_active: activation examples with an activation
-- column num_explanations: explainers that explain it; pattern_type and the figures of explanations and
--   matching are null where it is 0
-- column pattern_type: semantic, lexical, both or none
-- column activation_semantic_sim: mean cosine similarity of its sampled windows
-- column activation_max_jaccard: the largest of its mean Jaccards
-- column selected_ngram: the top n-gram of the n with the largest mean Jaccard
-- column top_word_ngram: the word n-gram that its sampled examples share most, null where none does
-- column word_ngram_share: share of pairs of its examples that both hold it; null for fewer than 2
-- column top_char_ngram: the character n-gram that they share most, inside of tokens near the largest
--   activation
-- column char_ngram_share: share of pairs of its examples that both hold it
-- column merge_similarity: 1 - the distance at which it first joins others in the tree of decoder rows
-- column failure_cause: what its explanations fail by, as far as they do: missed_ngram, missed_context or
--   noisy_activation, to which they are nearest on average; null without explanations
-- column failure_cluster: cluster of the features whose explanations fail alike, 0 the largest; -1: none
-- column mean_score: mean of mean_fuzz, mean_detection and mean_embedding, as far as they exist: 1 is
--   best, 0.5 chance; simulation, a correlation, is on another scale and left out
-- column score_rank: 1-based place by mean_score, best first, equal ones sharing it; null when not scored
-- column mean_fuzz: mean fuzz score over all explainers and scorers
-- column best_fuzz: largest fuzz score of any explainer and scorer
-- column mean_detection: mean detection score over all explainers and scorers
-- column best_detection: largest detection score of any explainer and scorer
-- column mean_embedding: mean embedding score over all explainers and scorers
-- column best_embedding: largest embedding score of any explainer and scorer
-- column mean_simulation: mean simulation score over all explainers and scorers
-- column best_simulation: largest simulation score of any explainer and scorer
-- column semantic_similarity: mean cosine similarity of its explanations to each other
-- column num_aligned_phrases: phrases of the aligned groups, with repetitions
-- column num_matches: aligned phrases that match what it fires on
-- column num_mismatches: aligned phrases that don't
-- column match_rate: matches ÷ (matches + unmatched); 0 when nothing was tried
-- column llm_explainers: full names of its explainers, in order
-- column explanation_text: the first explainer's explanation
-- column firing_count: tokens of the corpus that it fires on; null where no source tells
-- column density: share of the corpus' tokens that it fires on; null where no source tells
-- column is_dead: whether it never fires in the corpus
-- column is_dense: whether its density is over statistics.dense
-- column max_activation: the largest, of the corpus, else of its records
-- column mean_activation: over the tokens that it fires on, of the corpus, else of its records
-- column top_token: the token that it fires on most often, of the corpus, else of its records
-- column top_token_share: that token's share of the firings
-- column token_entropy: in bits, over the tokens that it fires on
WITH scores AS (
    SELECT
        feature_id,
        (avg(score) FILTER (method = 'fuzz'))::FLOAT AS mean_fuzz,
        max(score) FILTER (method = 'fuzz') AS best_fuzz,
        (avg(score) FILTER (method = 'detection'))::FLOAT AS mean_detection,
        max(score) FILTER (method = 'detection') AS best_detection,
        (avg(score) FILTER (method = 'embedding'))::FLOAT AS mean_embedding,
        max(score) FILTER (method = 'embedding') AS best_embedding,
        (avg(score) FILTER (method = 'simulation'))::FLOAT AS mean_simulation,
        max(score) FILTER (method = 'simulation') AS best_simulation
    FROM analysis.scores
    GROUP BY feature_id
),

explained AS (
    SELECT
        feature_id,
        list(explainer ORDER BY explainer_order) AS llm_explainers,
        arg_min(text, explainer_order) AS explanation_text
    FROM analysis.explanations
    GROUP BY feature_id
),

alike AS (
    SELECT s.feature_id, avg(s.similarity)::FLOAT AS semantic_similarity
    FROM analysis.explanation_similarity s
    JOIN staging.default_model m ON m.model = s.model
    GROUP BY s.feature_id
),

-- In the explainers' order: a mean of doubles depends on it, and so would the content hash.
distances AS (
    SELECT
        feature_id,
        [
            list_avg(list(distances[1] ORDER BY explainer_order)),
            list_avg(list(distances[2] ORDER BY explainer_order)),
            list_avg(list(distances[3] ORDER BY explainer_order))
        ] AS means
    FROM analysis.failure_positions
    GROUP BY feature_id
),

anchors AS (
    SELECT list(anchor ORDER BY anchor_order) AS names
    FROM (SELECT DISTINCT anchor, anchor_order FROM analysis.failure_anchors)
),

failures AS (
    SELECT d.feature_id, a.names[list_position(d.means, list_min(d.means))] AS failure_cause
    FROM distances d
    CROSS JOIN anchors a
),

joined AS (
    SELECT
        f.feature_id,
        sae.sae_id,
        f.num_examples,
        f.num_active,
        f.num_explanations,
        p.pattern_type,
        a.mean_pairwise_similarity AS activation_semantic_sim,
        list_max(a.ngram_jaccard_similarity) AS activation_max_jaccard,
        p.selected_ngram.ngram AS selected_ngram,
        d.word_ngram AS top_word_ngram,
        d.word_share::FLOAT AS word_ngram_share,
        d.char_ngram AS top_char_ngram,
        d.char_share::FLOAT AS char_ngram_share,
        1 - t.first_merge_distance AS merge_similarity,
        x.failure_cause,
        c.cluster_id AS failure_cluster,
        list_avg([s.mean_fuzz, s.mean_detection, s.mean_embedding]) AS mean_score,
        s.mean_fuzz,
        s.best_fuzz,
        s.mean_detection,
        s.best_detection,
        s.mean_embedding,
        s.best_embedding,
        s.mean_simulation,
        s.best_simulation,
        l.semantic_similarity,
        p.num_aligned_phrases,
        p.num_matches,
        p.num_mismatches,
        p.match_rate,
        coalesce(e.llm_explainers, []) AS llm_explainers,
        e.explanation_text,
        corpus.firing_count,
        corpus.density,
        corpus.is_dead,
        corpus.is_dense,
        coalesce(corpus.max_activation, held.max_activation) AS max_activation,
        coalesce(corpus.mean_activation, held.mean_activation) AS mean_activation,
        CASE
            WHEN len(corpus.top_tokens) > 0
                THEN corpus.top_tokens[1].token
            ELSE held.top_tokens[1].token
        END AS top_token,
        coalesce(corpus.top_token_share, held.top_token_share) AS top_token_share,
        coalesce(corpus.token_entropy, held.token_entropy) AS token_entropy
    FROM staging.features f
    CROSS JOIN staging.sae sae
    LEFT JOIN master.activation_example_similarity a ON a.feature_id = f.feature_id
    LEFT JOIN master.ex_act_pattern_matching p ON p.feature_id = f.feature_id
    LEFT JOIN scores s ON s.feature_id = f.feature_id
    LEFT JOIN explained e ON e.feature_id = f.feature_id
    LEFT JOIN alike l ON l.feature_id = f.feature_id
    LEFT JOIN analysis.display_patterns d ON d.feature_id = f.feature_id
    LEFT JOIN analysis.merge_distances t ON t.feature_id = f.feature_id
    LEFT JOIN failures x ON x.feature_id = f.feature_id
    LEFT JOIN analysis.failure_clusters c ON c.feature_id = f.feature_id
    LEFT JOIN analysis.feature_statistics corpus ON corpus.feature_id = f.feature_id AND corpus.basis = 'corpus'
    LEFT JOIN analysis.feature_statistics held ON held.feature_id = f.feature_id AND held.basis = 'sample'
)

SELECT
    feature_id,
    sae_id,
    num_examples,
    num_active,
    num_explanations,
    pattern_type,
    activation_semantic_sim,
    activation_max_jaccard,
    selected_ngram,
    top_word_ngram,
    word_ngram_share,
    top_char_ngram,
    char_ngram_share,
    merge_similarity,
    failure_cause,
    failure_cluster,
    mean_score,
    CASE WHEN mean_score IS NOT NULL THEN rank() OVER (ORDER BY mean_score DESC NULLS LAST) END AS score_rank,
    mean_fuzz,
    best_fuzz,
    mean_detection,
    best_detection,
    mean_embedding,
    best_embedding,
    mean_simulation,
    best_simulation,
    semantic_similarity,
    num_aligned_phrases,
    num_matches,
    num_mismatches,
    match_rate,
    llm_explainers,
    explanation_text,
    firing_count,
    density,
    is_dead,
    is_dense,
    max_activation,
    mean_activation,
    top_token,
    top_token_share,
    token_entropy,
    own.* EXCLUDE (feature_id),
    tags.* EXCLUDE (feature_id)
FROM joined
LEFT JOIN analysis.own_figures own USING (feature_id)
LEFT JOIN analysis.own_tags tags USING (feature_id)
ORDER BY feature_id
