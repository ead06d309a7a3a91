-- version: 2
-- description: The examples that a reader sees of each feature: of each quantile the strongest, with where
--   the feature's two top n-grams are in their windows.
-- kind: view
-- key: feature_id, sample_order
-- column feature_id: the feature
-- column sample_order: 1-based place inside the feature's sample: by quantile, then rank
-- column prompt_id: 0-based place in prompts.json
-- column quantile: 1-based quantile of max_activation
-- column max_activation: the example's largest value
-- column max_position: 0-based position of it in the prompt
-- column positions: positions of the tokens that the feature fires on, as in the record
-- column activations: its value on each
-- column char_positions: where the top character n-gram is: position of the token, code point in it
-- column word_positions: where the top word n-gram is: positions of the tokens in which it begins
SELECT
    s.feature_id,
    s.sample_order,
    s.prompt_id,
    s.quantile,
    s.max_activation,
    s.max_position,
    e.positions,
    e.activations,
    list_sort(
        list_transform(
            list_filter(c.places, lambda p: p.prompt_id = s.prompt_id),
            lambda p: {'token_position': p.position, 'char_offset': p.char_offset}
        )
    ) AS char_positions,
    list_sort(
        list_transform(list_filter(w.places, lambda p: p.prompt_id = s.prompt_id), lambda p: p.position)
    ) AS word_positions
FROM analysis.samples s
JOIN analysis.display_patterns d ON d.feature_id = s.feature_id
JOIN staging.activation_examples e ON e.feature_id = s.feature_id AND e.prompt_id = s.prompt_id
JOIN analysis.shared_ngrams c ON c.feature_id = s.feature_id AND c.kind = 'characters'
JOIN analysis.shared_ngrams w ON w.feature_id = s.feature_id AND w.kind = 'words'
WHERE s.rank <= $display_per_quantile
