-- version: 1
-- description: What a Delphi run's latents cache holds: one row per latent with statistics over all of
--   its entries and its kept records, and one per entry or split that was refused. sql/latents/ says
--   how a split is summed up.
-- key: file, line, feature_id
-- column line: 1-based place of a refused entry in the split
-- column status: kept, quarantined, outside scope
-- column raw: the refused entry: [prompt, position, latent - start] activation
-- column num_tokens: tokens of the cache: prompts × length
-- column num_entries: activations in the cache
-- column num_records: prompts with one
-- column num_windows: windows of windows.embedding_tokens tokens with one, which Delphi's min_examples counts
-- column total: sum of the activations
-- column max_prompt_id: where the largest activation is; on a tie the first prompt, then position
-- column boundaries: of max_activation over all records, see analysis.activation_quantiles
-- column bars: entries in statistics.bins equal bins from 0 to max_activation
-- column tokens: the most frequent tokens that it fires on (statistics.top_tokens), and those that
--   tie with the last
-- column top_count: entries on the most frequent token
-- column token_entropy: in bits, over the tokens that it fires on
-- column drawn: the windows that Delphi drew for the explainer (in_train) and for the scorers (in_test),
--   the strongest first; null where its run_config.json does not tell
-- column records: the kept records: the sampled ones, and of the others latents.max_records
SELECT
    file,
    line,
    CASE
        WHEN problem IS NOT NULL THEN 'quarantined'
        WHEN in_scope(feature_id, $scope_features) THEN 'kept'
        ELSE 'outside scope'
    END AS status,
    problem AS reason,
    raw,
    feature_id,
    num_tokens,
    num_entries,
    num_records,
    num_windows,
    total,
    max_activation,
    max_prompt_id,
    max_position,
    boundaries,
    bars,
    tokens,
    top_count,
    token_entropy,
    CASE WHEN in_scope(feature_id, $scope_features) THEN records ELSE [] END AS records,
    CASE WHEN in_scope(feature_id, $scope_features) THEN drawn END AS drawn
FROM raw.latents
