"""SQL as text: its tokens, its canonical form, literals and identifiers, and the hash of texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

# Quoted text and comments are single tokens, so nothing inside them is ever taken for SQL.
TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<space>\s+)"
    r"|\$(?P<parameter>[A-Za-z_]\w*)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<other>.)",
    re.DOTALL,
)


def canonical(sql: str) -> str:
    """SQL text without comments, runs of blank space made one space, quoted text untouched.

    >>> canonical("select 1 -- one\\n ,  '--  '")
    "select 1 , '--  '"
    """
    parts = (" " if m["comment"] or m["space"] else m[0] for m in TOKEN.finditer(sql))
    out: list[str] = []
    for part in parts:
        if part != " " or (out and out[-1] != " "):
            out.append(part)
    return "".join(out).strip()


def digest(*parts: object) -> str:
    """A short stable hash (128 bits, hex) of the parts' texts."""
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def literal(value: object) -> str:
    """A DuckDB literal of a setting's value: strings quoted, lists and structs spelt out.

    >>> literal(["it's", 2, 0.5])
    "['it''s', 2, 0.5::DOUBLE]"
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value!r}::DOUBLE"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(literal(v) for v in value) + "]"


def identifier(name: str) -> str:
    """A quoted SQL identifier, each dotted part by itself."""
    return ".".join(map(quoted_column, name.split(".")))


def quoted_column(name: str) -> str:
    """The quoted name of a column, whose dots are its own: a user's figure is `<file>.<column>`."""
    return '"' + name.replace('"', '""') + '"'
