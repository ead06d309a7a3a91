-- version: 1
-- description: A token as people read it: without the marks that its tokenizer puts before it, and
--   without white space at its ends. With the marker ##, one leading ## is the mark; with Ġ, Ċ stands
--   for a newline and ĉ for a tab.
CREATE OR REPLACE MACRO token_form(token, marker) AS
    trim_space(
        CASE marker
            WHEN '##' THEN CASE WHEN starts_with(token, '##') THEN substring(token, 3) ELSE token END
            WHEN 'Ġ' THEN translate(ltrim(token, '▁Ġ '), 'Ċĉ', chr(10) || chr(9))
            ELSE ltrim(token, '▁Ġ ')
        END
    )
