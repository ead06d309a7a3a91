-- SPEC-NEXT.md 1: the n-grams of the tokens p-1 ... p+1, cut at the prompt's edges. Prompt 0 has "bb" at 1 and 2 (a
-- tie: both are listed), "▁a" has no n-gram of 2, "cc" at 3 is too far. Prompt 1 is one token. No null can arise.
-- set display.char_reach = 1
-- set pairs.char_reach = 0
-- given analysis.samples: feature_id BIGINT, prompt_id BIGINT, sample_order INTEGER, rank INTEGER, max_position INTEGER
(1, 0, 1, 1, 1), (1, 1, 2, 1, 0),
-- given staging.prompts: prompt_id BIGINT, tokens VARCHAR[]
(0, ['▁a', 'bb', 'bb', 'cc']), (1, ['bbb']),
-- given analysis.token_ngrams: token VARCHAR, ngram_size INTEGER, char_offset INTEGER, ngram VARCHAR
('bb', 2, 0, 'bb'), ('cc', 2, 0, 'cc'), ('bbb', 2, 0, 'bb'), ('bbb', 2, 1, 'bb'),
-- expect: feature_id, prompt_id, sample_order, rank, ngram_size, ngram, position, char_offset, distance, token
(1, 0, 1, 1, 2, 'bb', 1, 0, 0, 'bb'),
(1, 0, 1, 1, 2, 'bb', 2, 0, 1, 'bb'),
(1, 1, 2, 1, 2, 'bb', 0, 0, 0, 'bbb'),
(1, 1, 2, 1, 2, 'bb', 0, 1, 0, 'bbb'),
