-- version: 1
-- description: The words of the sampled prompts, in their first 65,536 tokens.
-- kind: view
-- counted: no
-- key: prompt_id, word_order
-- column prompt_id: 0-based place in prompts.json
-- column word_order: 1-based place in the prompt
-- column word: in lower case, without leading punctuation
-- column position: 0-based position of the token in which it begins
SELECT
    prompt_id,
    unnest(range(1, len(words) + 1))::INTEGER AS word_order,
    unnest(words) AS word,
    unnest(positions) AS position
FROM analysis.prompt_word_lists
