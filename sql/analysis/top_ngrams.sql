-- version: 3
-- description: Per feature and n the n-gram with the most occurrences (ties: in more windows, then
--   the smaller in code-point order), if it occurs at least twice, with all its occurrences.
-- key: feature_id, n
-- batch_by: analysis.ngram_windows.feature_id
-- batch_size: 65536
-- column feature_id: the feature
-- column n: length of the n-gram
-- column ngram: the n-gram
-- column count: its occurrences in all windows together
-- column occurrences: per window it occurs in, in sample order, the positions in the prompt of the
--   tokens in which its occurrences begin
WITH repeated AS (
    SELECT feature_id, n, ngram, occurrences, windows
    FROM analysis.repeated_ngrams
    WHERE feature_id BETWEEN $first AND $last
),

most AS (
    SELECT feature_id, n, max(occurrences) AS occurrences
    FROM repeated
    GROUP BY feature_id, n
    HAVING max(occurrences) >= $ngrams_min_occurrences
),

best AS (
    SELECT feature_id, n, ngram, occurrences AS count, windows
    FROM repeated
    SEMI JOIN most USING (feature_id, n, occurrences)
    QUALIFY row_number() OVER (
        PARTITION BY feature_id, n ORDER BY len(windows) DESC, ngram
    ) = 1
),

places AS (
    SELECT feature_id, n, ngram, count, unnest(windows) AS sample_order
    FROM best
),

located AS (
    SELECT
        b.feature_id,
        b.n,
        b.ngram,
        b.count,
        w.sample_order,
        w.prompt_id,
        ngram_positions(w.tokens, w.first_position, b.ngram, b.n, $ngrams_unit) AS positions
    FROM places b
    JOIN analysis.ngram_windows w
        ON w.feature_id = b.feature_id AND w.sample_order = b.sample_order
    WHERE w.feature_id BETWEEN $first AND $last
)

SELECT
    feature_id,
    n,
    ngram,
    count,
    list({'prompt_id': prompt_id, 'positions': positions} ORDER BY sample_order) AS occurrences
FROM located
GROUP BY feature_id, n, ngram, count
