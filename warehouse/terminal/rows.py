"""Rows of a query, in the format that the user asks for."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from textwrap import indent
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from warehouse.errors import UsageError
from warehouse.files import write_atomically
from warehouse.look import query
from warehouse.look.output import assert_free
from warehouse.plan.project import Project
from warehouse.terminal.console import WIDE
from warehouse.terminal.table import FittedTable
from warehouse.terminal.values import SHORT_LIST, cut, digits, is_vector
from warehouse.text import finite, visible

FORMATS = ("table", "line", "markdown", "csv", "json", "jsonl", "parquet")
# Formats for reading: their rows are held in memory, so that they have a limit; the others stream.
READING = ("table", "line", "markdown")
LIMIT = 200


def show_query(
    project: Project,
    sql: str,
    form: str | None,
    output: Path | None,
    unsafe: bool = False,
    limit: int | None = None,
) -> None:
    """Run `sql` on the published warehouse, read-only, and write its rows to `output` or stdout.

    `form`: one of FORMATS; without it the ending of `output` decides. `limit`: of rows; without
    it LIMIT in the formats for reading. Raises what look.query does; UsageError: no such format,
    no place for the rows, an output in the place of something else.
    """
    query.assert_query(project, sql)
    form = form_of(form, output)
    if form == "parquet" and output is None:
        raise UsageError("parquet needs a file", "-o FILE.parquet")
    if output:
        assert_free(project.data, output, _ENDINGS.get(form, (f".{form}",)))
    if form == "parquet":
        query.write_parquet(project, sql, output, unsafe, limit)
        return
    with query.opened(project, sql, unsafe) as (names, rows):
        if output is None:
            write_rows(sys.stdout, form, names, rows, limit)
            return

        def write(path: Path) -> None:
            with path.open("w", encoding="utf-8", newline="") as stream:
                write_rows(stream, form, names, rows, limit)

        write_atomically(output, write)


_ENDINGS = {
    "table": (".table", ".txt"),
    "line": (".line", ".txt"),
    "markdown": (".markdown", ".md"),
}


def form_of(form: str | None, output: Path | None) -> str:
    """The format that is asked for, by name or by the ending of the file."""
    if form or not output:
        return form or "table"
    endings = {ending: name for name, few in _ENDINGS.items() for ending in few if ending != ".txt"}
    form = endings.get(output.suffix, output.suffix.lstrip("."))
    if form not in FORMATS:
        raise UsageError(f'"{output}": the ending names no format', f"--format {'|'.join(FORMATS)}")
    return form


def write_rows(
    stream: TextIO,
    form: str,
    names: Sequence[str],
    rows: Iterable[Sequence[object]],
    limit: int | None = None,
) -> None:
    """Write rows to a stream, a few at a time where the format allows it."""
    if form not in READING:
        _STREAMED[form](stream, names, islice(rows, limit))
        return
    limit = limit or LIMIT
    found = list(islice(rows, limit + 1))
    more, found = len(found) > limit, found[:limit]
    out = Console(highlight=False, file=stream, width=WIDE if stream is sys.stdout else 100_000)
    _READ[form](out, names, found)
    if form == "markdown":
        return
    told = f"{len(found):,} row{'' if len(found) == 1 else 's'}"
    out.print(f"the first {told}; --limit N shows more" if more else told, soft_wrap=True)


def _table(out: Console, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = FittedTable(names, fold=False, rest="--format line or csv for all")
    for row in rows:
        table.add_row(*(escape(cell(value)) for value in row))
    out.print(table)


def _lines(out: Console, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """One line per value, the whole of it, and an empty line after each row."""
    width = max(map(len, names), default=0)
    for row in rows:
        for name, value in zip(names, row, strict=True):
            out.print(f"{name:>{width}} = {visible(_text(value))}", markup=False, soft_wrap=True)
        out.print()


def _markdown(out: Console, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    def line(cells: Iterable[str]) -> None:
        told = " | ".join(cell.replace("\\", "\\\\").replace("|", "\\|") for cell in cells)
        out.print(f"| {told} |", markup=False, soft_wrap=True)

    line(map(visible, names))
    line("---" for _ in names)
    for row in rows:
        line(visible(_text(value)) for value in row)


_READ = {"table": _table, "line": _lines, "markdown": _markdown}


def _text(value: object) -> str:
    """A value for reading: floats to 4 digits."""
    if isinstance(value, float):
        return digits(value)
    return "" if value is None else _nested(value)


def cell(value: object) -> str:
    """One line of at most 80 characters: a row stays a row, --format line shows all."""
    return cut(visible(_text(value)), 80)


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
    if isinstance(value, str):  # quoted where it could be taken for what is around it
        return (
            value
            if value.strip() == value and not re.search(r'^$|[,:"{}\[\]]', value)
            else json.dumps(value, ensure_ascii=False)
        )
    return digits(value) if isinstance(value, float) else _nested(value)


def _records(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[dict]:
    keys = unique(names)
    return (dict(zip(keys, map(finite, row), strict=True)) for row in rows)


def _json(stream: TextIO, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    before = "[\n"
    for record in _records(names, rows):
        text = json.dumps(record, default=str, ensure_ascii=False, indent=2)
        stream.write(before + indent(text, "  "))
        before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def _json_lines(stream: TextIO, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    for record in _records(names, rows):
        stream.write(json.dumps(record, default=str, ensure_ascii=False) + "\n")


def _csv(stream: TextIO, names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_flat(value) for value in row] for row in rows)


_STREAMED = {"csv": _csv, "json": _json, "jsonl": _json_lines}


def unique(names: Sequence[str]) -> list[str]:
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


def _flat(value: object) -> object:
    """Nested values as JSON, so that a CSV cell can be read back."""
    if isinstance(value, list | dict):
        return json.dumps(value, default=str, ensure_ascii=False)
    return value
