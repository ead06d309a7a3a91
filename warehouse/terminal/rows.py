"""Rows of a query, in the format that the user asks for."""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warehouse.diff.values import SHORT_LIST
from warehouse.errors import UsageError
from warehouse.files import write_atomically
from warehouse.look import query
from warehouse.terminal.console import WIDE
from warehouse.terminal.values import cut, is_vector
from warehouse.text import visible

FORMATS = ("table", "csv", "json", "jsonl", "parquet")


def show_query(
    data: Path, sql: str, form: str | None, output: Path | None, unsafe: bool = False
) -> None:
    """Run `sql` on the published warehouse, read-only, and write its rows to `output` or stdout.

    `form`: one of FORMATS; without it the ending of `output` decides. Raises what look.query does;
    UsageError: no such format, no place for the rows.
    """
    query.assert_query(data, sql)
    form = form or (output.suffix.lstrip(".") if output else "table")
    if form not in FORMATS:
        raise UsageError(f'"{output}": the ending names no format', f"--format {'|'.join(FORMATS)}")
    if form == "parquet" and output is None:
        raise UsageError("parquet needs a file", "-o FILE.parquet")
    if output and output.exists() and not output.is_file():
        raise UsageError(f'"{output}" is no file', "-o FILE; without it the rows go to stdout")
    if form == "parquet":
        query.write_parquet(data, sql, output, unsafe)
        return
    names, rows = query.read_rows(data, sql, unsafe)
    if output is None:
        _write(sys.stdout, form, names, rows)
        return

    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as stream:
            _write(stream, form, names, rows)

    write_atomically(output, write)


def write_table(names: Sequence[str], rows: Sequence[Sequence[object]], stream: TextIO) -> None:
    """A query's rows as a table, to stdout or a file."""
    out = Console(highlight=False, file=stream, width=WIDE if stream is sys.stdout else 100_000)
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for name in names:
        table.add_column(escape(name), no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row))
    out.print(table)
    out.print(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}")


def _cell(value: object) -> str:
    """One line of at most 80 characters: a row stays a row, --format json shows all."""
    text = f"{value:.6g}" if isinstance(value, float) else "" if value is None else _nested(value)
    return cut(visible(text), 80)


def _nested(value: object) -> str:
    """A value inside a cell, compact: {ngram: bread, count: 3}; of a vector its first numbers."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_inner(v)}" for k, v in value.items()) + "}"
    if is_vector(value) and len(value) > SHORT_LIST:
        return f"[{', '.join(map(_inner, value[:3]))}, … {len(value)} numbers]"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_inner, value)) + "]"
    return str(value)


def _inner(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):  # quoted where it could be taken for what stands around it
        return (
            value
            if value.strip() == value and not re.search(r'^$|[,:"{}\[\]]', value)
            else json.dumps(value, ensure_ascii=False)
        )
    return f"{value:.4g}" if isinstance(value, float) else _nested(value)


def _write(stream: TextIO, form: str, names: list[str], rows: list[tuple]) -> None:
    records = (dict(zip(unique(names), map(_finite, row), strict=True)) for row in rows)
    if form == "table":
        write_table(names, rows, stream)
    elif form == "json":
        json.dump(list(records), stream, default=str, ensure_ascii=False, indent=2)
        stream.write("\n")
    elif form == "jsonl":
        stream.writelines(json.dumps(r, default=str, ensure_ascii=False) + "\n" for r in records)
    else:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_flat(value) for value in row] for row in rows)


def unique(names: list[str]) -> list[str]:
    """Column names made keys: of equal ones the later get a number.

    >>> unique(["a", "b", "a"])
    ['a', 'b', 'a_2']
    """
    seen: dict[str, int] = {}
    keys = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        keys.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return keys


def _finite(value: object) -> object:
    """JSON knows no NaN and no infinity: null stands for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [_finite(v) for v in value]
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    return value


def _flat(value: object) -> object:
    """Nested values as JSON, so that a CSV cell can be read back."""
    if isinstance(value, list | dict):
        return json.dumps(value, default=str, ensure_ascii=False)
    return value
