-- SPEC-NEXT.md 1: "▁the" begins a word; "jury" "men" go on with "▁" + ...; "," ends the word, so that "it" begins one although it does not say
-- so. The word "the" occurs twice (a tie): twice in the list. A prompt that is not sampled has no row; one without words has none, not null.
-- given staging.prompts: prompt_id BIGINT, num_tokens BIGINT, tokens VARCHAR[]
(0, 6, ['▁the', '▁jury', 'men', ',', 'it', '▁the']), (1, 1, ['▁the']), (2, 1, [',']),
-- given analysis.samples: prompt_id BIGINT
(0), (0), (2),
-- given staging.token_forms: token VARCHAR, head VARCHAR, lowered VARCHAR, begins_word BOOLEAN, ends_word BOOLEAN
('▁the', 'the', 'the', true, false), ('▁jury', 'jury', 'jury', true, false), ('men', 'men', 'men', false, false), ('it', 'it', 'it', false, false), (',', '', ',', false, true),
-- expect: prompt_id, words, positions
(0, ['the', 'jurymen', 'it', 'the'], [0, 1, 4, 5]),
