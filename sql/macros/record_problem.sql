-- version: 3
-- description: Why an activation record is refused, null when it is good. `record` is what its format
--   gives, of a prompt with `num_tokens` tokens (null: an unknown one).
CREATE OR REPLACE MACRO record_problem(
    line, record, feature_id, prompt_id, positions, activations, lengths, num_tokens, prompts_told
) AS
    CASE
        -- All fields are there in almost every record: only the others are parsed again.
        WHEN record IS NULL OR record.numbers IS NULL OR feature_id IS NULL OR prompt_id IS NULL OR record.pairs IS NULL
            THEN CASE
                WHEN json_object_problem(line) IS NOT NULL THEN json_object_problem(line)
                WHEN record IS NULL THEN 'missing field: index'
                WHEN record.feature IS NULL THEN 'missing field: ' || record.names[1]
                WHEN coalesce(record.tokens, record.prompt) IS NULL THEN 'missing field: ' || record.names[2]
                WHEN NOT json_exists(line, '$.' || record.names[3]) THEN 'missing field: ' || record.names[3]
                WHEN feature_id IS NULL OR feature_id > 4294967295 THEN 'wrong type: ' || record.names[1]
                WHEN prompt_id IS NULL AND prompts_told AND record.tokens IS NOT NULL
                    THEN 'missing field: dataSetPromptId (input.prompts = "" takes the prompts from the records)'
                WHEN prompt_id IS NULL THEN 'wrong type: ' || record.names[2]
                WHEN record.pairs IS NULL AND regexp_matches(record.numbers, '(?i)nan|inf')
                    THEN 'value not finite'
                WHEN record.pairs IS NULL THEN 'wrong type: ' || record.names[3]
                WHEN num_tokens IS NULL THEN 'unknown prompt id'
            END
        WHEN feature_id > 4294967295 THEN 'wrong type: ' || record.names[1]
        WHEN num_tokens IS NULL THEN 'unknown prompt id'
        WHEN list_count(lengths) < len(record.pairs) THEN 'wrong type: ' || record.names[3]
        WHEN list_min(lengths) <> 2 OR list_max(lengths) <> 2
            THEN 'lengths that do not fit: a pair is [position, value]'
        WHEN record.num_values <> num_tokens THEN 'lengths that do not fit: a value for each token'
        WHEN list_count(positions) < len(record.pairs) OR list_count(activations) < len(record.pairs)
            THEN 'wrong type: ' || record.names[3]
        WHEN list_min(positions) < 0 THEN 'token position negative'
        WHEN list_max(positions) >= num_tokens THEN 'token position outside the prompt'
        WHEN list_max(positions) > 65535 THEN 'token position past 65535'
        WHEN positions <> positions::INTEGER[] THEN 'wrong type: token position'
        -- NaN is larger than any number in DuckDB; 3.4e38 is the largest float32.
        WHEN list_max(activations) > 3.4028234663852886e38 OR list_min(activations) < -3.4028234663852886e38
            THEN 'value not finite'
        WHEN list_min(activations) < 0 THEN 'value negative'
    END
