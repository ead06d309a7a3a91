-- version: 1
-- description: An explanation's phrases: split at commas and at whole `words` in any case, trimmed,
--   empties dropped. A word is replaced twice, because two neighbours share the space between them.
CREATE OR REPLACE MACRO split_phrases(content, words) AS
    list_filter(
        list_transform(
            string_split(
                CASE
                    WHEN len(words) = 0 THEN content
                    ELSE regexp_replace(
                        regexp_replace(
                            content,
                            '(^|[^\p{L}\p{M}\p{N}_])('
                                || array_to_string(list_transform(words, lambda w: regexp_escape(w)), '|')
                                || ')($|[^\p{L}\p{M}\p{N}_])',
                            '\1,\3', 'gi'
                        ),
                        '(^|[^\p{L}\p{M}\p{N}_])('
                            || array_to_string(list_transform(words, lambda w: regexp_escape(w)), '|')
                            || ')($|[^\p{L}\p{M}\p{N}_])',
                        '\1,\3', 'gi'
                    )
                END,
                ','
            ),
            lambda phrase: trim_space(phrase)
        ),
        lambda phrase: phrase <> ''
    )
