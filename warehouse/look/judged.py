"""The texts of judged examples: the warehouse keeps what a scorer said of them, their raw files the texts.

A raw file is read as it lies there only while it is what the build read; without it an example is
shown by file and line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from warehouse.database import run

_LARGEST = 16 << 20  # bytes of a score file that is read while somebody waits

Text = tuple[Sequence[str], Sequence[float | None]]


def read_texts(
    connection: duckdb.DuckDBPyConnection, data: Path, files: Iterable[str]
) -> dict[str, list[Text]]:
    """File (as the warehouse names it) → per example its tokens and their activations.

    Left out: files that changed since the build, lie outside the data directory's raw tree, are
    large, or have no texts. An example without texts is two empty lists.
    """
    known = run(
        connection,
        "SELECT name, bytes, mtime_ns FROM _warehouse.files WHERE list_contains(?, name)",
        [sorted(set(files))],
    )
    raw = (data / "raw").resolve()
    found = {}
    for name, size, changed in known:
        path = (data / name).resolve()
        if not path.is_relative_to(raw) or size > _LARGEST:
            continue
        try:
            status = path.stat()
            if (status.st_size, status.st_mtime_ns) != (size, changed):
                continue
            items = json.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(items, list):
            found[name] = [_text(item) for item in items]
    return found


def _text(item: object) -> Text:
    """The tokens of one example, `str_tokens` or one piece of `text`, and their activations."""
    fields = item if isinstance(item, dict) else {}
    tokens, values = fields.get("str_tokens"), fields.get("activations")
    if not isinstance(tokens, list):
        tokens = [fields["text"]] if isinstance(fields.get("text"), str) else []
    if not isinstance(values, list) or len(values) != len(tokens):
        values = [None] * len(tokens)
    return (
        [token if isinstance(token, str) else str(token) for token in tokens],
        [value if type(value) in (int, float) else None for value in values],
    )
