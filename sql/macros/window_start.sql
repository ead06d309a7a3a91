-- version: 1
-- description: 0-based first token of a window of `width` tokens around position `p` of a prompt
--   of `total` tokens. shift: near an edge the window moves so that it stays whole; clip: it is cut.
CREATE OR REPLACE MACRO window_start(p, total, width, edge) AS
    CASE
        WHEN edge = 'shift' THEN greatest(least(p - width // 2, total - width), 0)
        ELSE greatest(p - width // 2, 0)
    END
