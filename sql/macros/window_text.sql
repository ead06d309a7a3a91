-- version: 1
-- description: The text of a window that is embedded: its tokens joined by a space, or natural text.
CREATE OR REPLACE MACRO window_text(tokens, form, marker) AS
    CASE WHEN form = 'natural' THEN natural_text(tokens, marker) ELSE array_to_string(tokens, ' ') END
