-- version: 1
-- description: The text of tokens as words joined by a space: a token that begins a word starts one, the
--   others are appended; case and punctuation stay.
CREATE OR REPLACE MACRO natural_text(tokens, marker) AS
    trim_space(regexp_replace(
        array_to_string(
            list_transform(
                tokens,
                lambda token: CASE WHEN begins_word(token, marker) THEN chr(32) ELSE '' END || token_form(token, marker)
            ),
            ''
        ),
        ' {2,}', ' ', 'g'
    ))
