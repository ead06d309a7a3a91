-- version: 1
-- description: The text of tokens as words joined by a space: a token that begins a word starts one, the
--   others are appended; case and punctuation stay. Words are parted by the unit separator first, so that
--   blanks inside of a token stay and an empty word leaves none.
CREATE OR REPLACE MACRO natural_text(tokens, marker) AS
    trim_space(regexp_replace(
        array_to_string(
            list_transform(
                tokens,
                lambda token: CASE WHEN begins_word(token, marker) THEN chr(31) ELSE '' END || token_form(token, marker)
            ),
            ''
        ),
        '\x{1f}+', ' ', 'g'
    ))
