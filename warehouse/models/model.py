"""SQL models: one SELECT a file under `sql/`, its path is its name, a comment block is its header.

    -- version: 1
    -- description: One row per explained feature ...
    -- kind: table
    -- key: feature_id
    -- column feature_id UInt32: the feature

Header keys: `version` and `description` (required), `kind` (table, the default; view; macro: a table
function whose SQL binds each `argument NAME [DEFAULT]: meaning` as `$NAME`),
`key` (columns that are unique), `incremental` (the column that names the input file a row came
from: unchanged files keep their rows), `files` (a relation it reads: of its `raw.*` inputs only
the files named there, in the column `file`, are opened), `batch_by` (schema.relation.column: the
model is made in parts of `batch_size` ids of this column, so that it needs no more memory for more of
them; its SQL binds the ids' bounds, `$first` and `$last`), `hash: content` (a view whose content, not
its text, decides whether its readers run), `counted: no` (a view of so many rows that a build does
not count them), `collected: yes` (a collection's file holds its rows, of all members), `order` (the rows' order in an export), `file` (where its export goes in the
data directory; `{sae}` is the SAE's directory; without rows there is none), `column NAME
[TYPE]: meaning`, and in audits `severity` (error, the default; warning) and `hint`. A line that
starts with `--   ` continues the one before. What lies in `cards/` is no part of a build: the command
`feature` runs it, binding its `argument`s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from warehouse.errors import WarehouseError, nearest
from warehouse.models.schemas import SCHEMAS
from warehouse.sqltext import TOKEN, canonical, digest, identifier, literal

KEYS = ("version", "description", "kind", "key", "incremental", "files", "batch_by", "batch_size", "hash", "counted", "collected", "order", "file", "severity", "hint")  # fmt: skip
KINDS = ("table", "view", "macro")
# What a model binds that is made in parts; here the bounds of all ids, of the model made at once.
ALL_IDS = {"first": 0, "last": 2**32 - 1}


@dataclass(frozen=True)
class Column:
    """A documented column; `type` is Polars' name for it in masters, '' elsewhere."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Argument:
    """An argument of a table macro; `default` is SQL, '' where it must be given."""

    name: str
    default: str
    description: str


@dataclass(frozen=True)
class Model:
    """One file under `sql/`: `name` is `<directory>.<file stem>`, `sql` the text below the header."""

    name: str
    path: Path
    sql: str
    version: int
    description: str
    kind: str = "table"
    key: tuple[str, ...] = ()
    incremental: str = ""
    files: str = ""
    batch_by: str = ""
    batch_size: int = 2048  # ids of a part
    hash: str = ""
    counted: bool = True
    collected: bool = False
    order: str = ""
    file: str = ""
    severity: str = "error"
    hint: str = ""
    columns: tuple[Column, ...] = field(default=())
    arguments: tuple[Argument, ...] = field(default=())
    recorded: tuple[str, frozenset[str]] | None = None  # of sql/models.lock: fingerprint, reads

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    @property
    def is_typed(self) -> bool:
        """Whether its columns have declared types, those of its parquet file."""
        return SCHEMAS[self.schema].typed

    @cached_property
    def words(self) -> frozenset[str]:
        """Bare words of the SQL, lower case: among them the macros it calls."""
        return frozenset(m["word"].lower() for m in TOKEN.finditer(self.sql) if m["word"])

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Names of the settings it binds, without the `$`."""
        found = frozenset(m["parameter"] for m in TOKEN.finditer(self.sql) if m["parameter"])
        parts = ALL_IDS if self.batch_by else {}
        return found - {a.name for a in self.arguments} - parts.keys()

    @cached_property
    def relations(self) -> frozenset[str]:
        """The schema-qualified relations it reads: what `sql/models.lock` says of this very SQL,
        which takes no time, or else what sqlglot finds."""
        fingerprint, reads = self.recorded or ("", frozenset())
        return reads if fingerprint == self.fingerprint else self.find_relations()

    def find_relations(self) -> frozenset[str]:
        """The schema-qualified relations in its SQL, found by sqlglot; WarehouseError: no SQL."""
        import sqlglot
        from sqlglot import exp

        try:
            tree = sqlglot.parse_one(self.sql, read="duckdb")
        except sqlglot.errors.ParseError as error:
            raise WarehouseError(f'model "{self.name}" does not parse: {error}') from None
        return frozenset(f"{t.db}.{t.name}" for t in tree.find_all(exp.Table) if t.db)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the SQL without comments and blank space, and of what decides its form."""
        types = [f"{c.name} {c.type}" for c in self.columns if c.type]
        read = (self.incremental, *filter(None, [self.files, self.batch_by]))
        form = (self.kind, *read, self.hash == "content", self.order, self.severity)
        arguments = [f"{a.name} := {a.default}" for a in self.arguments]
        return digest(*form, canonical(self.sql), *types, *arguments)

    def filled(self, values: Mapping[str, object]) -> str:
        """The SQL with every `$parameter` replaced by a literal: it runs as it stands.

        Of a macro: the statement that creates it, with its arguments as bare names. A card's
        argument stays what a program binds. A model made in parts is made as one.
        """
        values = {**values, **ALL_IDS} if self.batch_by else values
        words = {a.name: a.name if self.kind == "macro" else f"${a.name}" for a in self.arguments}
        sql = "".join(
            (words.get(m["parameter"]) or literal(values[m["parameter"]]))
            if m["parameter"]
            else m[0]
            for m in TOKEN.finditer(self.sql)
        )
        return f"{self._signature()}\n{sql}" if self.kind == "macro" else sql

    def _signature(self) -> str:
        told = [f"{a.name} := {a.default}" if a.default else a.name for a in self.arguments]
        return f"CREATE OR REPLACE MACRO {identifier(self.name)}({', '.join(told)}) AS TABLE"


def parse(name: str, path: Path, text: str) -> Model:
    """A model from its file's text; WarehouseError names the file and line of a bad header."""
    values: dict[str, str] = {}
    columns: list[Column] = []
    arguments: list[Argument] = []
    body_at = 0
    for number, line, size in _header_lines(text):
        body_at += size
        if not line:
            continue
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip()
        where = f'"{path}", line {number}'
        if key.startswith("column "):
            column, _, type_ = key.removeprefix("column ").strip().partition(" ")
            columns.append(Column(column, type_.strip(), value))
        elif key.startswith("argument "):
            argument, _, default = key.removeprefix("argument ").strip().partition(" ")
            arguments.append(Argument(argument, default.strip(), value))
        elif not colon or key not in KEYS:
            near = nearest(key, list(KEYS))
            raise WarehouseError(
                f'{where}: unknown header key "{key}"',
                f'did you mean "{near}"?' if near else f"header keys: {', '.join(KEYS)}",
            )
        elif key in values:
            raise WarehouseError(f'{where}: header key "{key}" occurs twice', "keep one of them")
        else:
            values[key] = value
    for required in ("version", "description"):
        if not values.get(required):
            raise WarehouseError(f'"{path}": no "{required}" in the header', f"-- {required}: ...")
    if not values["version"].isdecimal():
        raise WarehouseError(
            f'"{path}": version "{values["version"]}"', "a whole number: 1, 2, ..."
        )
    kind = values.get("kind", "table")
    if kind not in KINDS:
        raise WarehouseError(f'"{path}": kind "{kind}"', f"one of {', '.join(KINDS)}")
    for key, allowed in (
        ("severity", ("error", "warning")),
        ("hash", ("content",)),
        ("counted", ("no",)),
        ("collected", ("yes",)),
    ):
        if key in values and values[key] not in allowed:
            raise WarehouseError(f'"{path}": {key} "{values[key]}"', f"one of {', '.join(allowed)}")
    return Model(
        name=name,
        path=path,
        sql=text[body_at:].strip().rstrip(";"),
        version=int(values["version"]),
        description=values["description"],
        kind=kind,
        key=tuple(k.strip() for k in values.get("key", "").split(",") if k.strip()),
        incremental=values.get("incremental", ""),
        files=values.get("files", ""),
        batch_by=values.get("batch_by", ""),
        batch_size=int(values.get("batch_size", Model.batch_size)),
        hash=values.get("hash", ""),
        counted=values.get("counted", "") != "no",
        collected="collected" in values,
        order=values.get("order", ""),
        file=values.get("file", ""),
        severity=values.get("severity", "error"),
        hint=values.get("hint", ""),
        columns=tuple(columns),
        arguments=tuple(arguments),
    )


def _header_lines(text: str) -> Iterator[tuple[int, str, int]]:
    """(line number, text without the dashes and with its continuations, length) of the header."""
    lines = text.splitlines(keepends=True)
    number = 0
    while number < len(lines) and (lines[number].startswith("--") or not lines[number].strip()):
        start, size = number, len(lines[number])
        content = lines[number].strip().removeprefix("--").strip()
        number += 1
        while content and number < len(lines) and lines[number].startswith("--   "):
            content += " " + lines[number].strip().removeprefix("--").strip()
            size += len(lines[number])
            number += 1
        yield start + 1, content, size
