-- version: 1
-- description: interfeature_similarity.ngram_analysis flattened: one row per decoder neighbour and n.
-- kind: view
-- key: feature_id, neighbour_id, ngram_size
-- collected: yes
-- column feature_id: the feature
-- column neighbour_id: the neighbour's feature id
-- column ngram_size: n
-- column mean_jaccard: mean over the pairs of examples of the two
-- column ngram: the most frequent one that both sides hold; null where they share none
-- column count: its occurrences; 0 where they share none
SELECT
    g.feature_id,
    s.neighbour_id,
    g.n AS ngram_size,
    g.mean_jaccard,
    g.ngram,
    g.count
FROM analysis.neighbour_ngrams g
JOIN analysis.selected_neighbours s
    ON s.feature_id = g.feature_id AND s.neighbour_order = g.neighbour_order
