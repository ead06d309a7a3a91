-- version: 1
-- description: Whether a JSON text may have a key: a quick look before it is parsed. A key that is
--   written with escapes may be there wherever an escape is.
CREATE OR REPLACE MACRO may_hold(content, key) AS
    contains(content, '"' || key || '"') OR contains(content, '\u')
