-- SPEC-NEXT.md 1: n = 2, 3 of the lower-cased form, with offsets; "aaa" holds aa twice (a tie). A token shorter than n and a special one have none, not null.
-- set words.char_sizes = [2, 3]
-- given staging.token_forms: token VARCHAR, lowered VARCHAR, is_special BOOLEAN
('▁AAA', 'aaa', false), ('b', 'b', false), ('<bos>', '<bos>', true), ('▁', '', false),
-- expect: token, ngram_size, char_offset, ngram
('▁AAA', 2, 0, 'aa'), ('▁AAA', 2, 1, 'aa'), ('▁AAA', 3, 0, 'aaa'),
