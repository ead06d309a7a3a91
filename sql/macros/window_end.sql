-- version: 1
-- description: 0-based position after a window's last token; see window_start.
CREATE OR REPLACE MACRO window_end(p, total, width, edge) AS
    CASE
        WHEN edge = 'shift' THEN least(greatest(least(p - width // 2, total - width), 0) + width, total)
        ELSE least(p - width // 2 + width, total)
    END
