-- version: 1
-- description: The tokens of a window of `width` tokens around the 0-based position `p`.
CREATE OR REPLACE MACRO token_window(tokens, p, width, edge) AS
    tokens[
        window_start(p, len(tokens), width, edge) + 1
        : window_end(p, len(tokens), width, edge)
    ]
