"""The difference of two states as data, and as JSON."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warehouse.text import finite

OLD, NEW = "old", "new"

# Values shown of a column: in the summary, and of one table.
FEW, MANY = 5, 20

_NUMBERS = frozenset({
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE",
})  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What to look at. `limit`: values per column; `everything`: list all of the masters, for programs."""

    table: str = ""
    feature: int | None = None
    limit: int | None = None
    everything: bool = False

    def limit_of(self, node: str) -> int | None:
        """How many changed values of a column, and rows of one side only, are listed; None: all."""
        complete = self.everything and (self.table or node.startswith("master."))
        if self.limit is None and (complete or self.feature is not None):
            return None
        return self.limit or (MANY if self.table or self.everything else FEW)


@dataclass(frozen=True)
class Side:
    """One of the two states. `label`: what the user called it, or what it would be built with."""

    build_id: str
    started: datetime.datetime
    label: str
    program: str
    settings: Mapping[str, object]


@dataclass(frozen=True)
class Value:
    """A changed value. Of a nested one only the key is told: the flat relations hold its items."""

    key: tuple[object, ...]
    old: object = None
    new: object = None


@dataclass(frozen=True)
class ColumnDiff:
    """A column's changed values. `largest`, `mean`: of the changes between two numbers;
    `nulls`: changes to or from null, which have no size."""

    name: str
    type: str
    changed: int
    largest: float | None
    mean: float | None
    nulls: int
    values: tuple[Value, ...]

    @property
    def nested(self) -> bool:
        return is_nested(self.type)


@dataclass(frozen=True)
class TableDiff:
    """A relation's difference. `added`, `removed`: keys, or rows when a feature is asked for.

    `only`: the side it exists on, '' for both; `note`: why it, or a column, was not compared.
    """

    name: str
    key: tuple[str, ...]
    rows: tuple[int, int]
    num_added: int = 0
    num_removed: int = 0
    num_changed: int = 0
    added: tuple[Mapping[str, object], ...] = ()
    removed: tuple[Mapping[str, object], ...] = ()
    columns: tuple[ColumnDiff, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    only: str = ""
    compared: bool = True
    note: str = ""

    @property
    def differs(self) -> bool:
        counts = self.num_added + self.num_removed + self.num_changed
        return bool(counts or self.columns_added or self.columns_removed or self.only)


@dataclass(frozen=True)
class Diff:
    """Two states and all that differs. `files`: (name, how) of inputs; `versions`: of models."""

    old: Side
    new: Side
    question: Question
    settings: Mapping[str, tuple[object, object]]
    files: Sequence[tuple[str, str]]
    versions: Mapping[str, tuple[int | None, int | None]]
    sae_ids: tuple[str | None, str | None]
    tables: Sequence[TableDiff]

    @property
    def identical(self) -> bool:
        return self.sae_ids[0] == self.sae_ids[1] and not any(t.differs for t in self.tables)


def is_number(type_: str) -> bool:
    return type_ in _NUMBERS or type_.startswith("DECIMAL")


def is_nested(type_: str) -> bool:
    return type_.endswith("]") or type_.startswith(("STRUCT", "MAP"))


def as_json(diff: Diff) -> str:
    """All of it as one JSON object."""
    return json.dumps(finite(_document(diff)), ensure_ascii=False, indent=2, default=str)


def _document(diff: Diff) -> dict[str, object]:
    def pair(values: Sequence[object]) -> dict[str, object]:
        return {OLD: values[0], NEW: values[1]}

    def side(s: Side) -> dict[str, object]:
        return {"build_id": s.build_id, "started": s.started.isoformat(), "what": s.label, "program": s.program}  # fmt: skip

    def value(table: TableDiff, column: ColumnDiff, v: Value) -> dict[str, object]:
        values = {} if column.nested else pair((v.old, v.new))
        return {"key": dict(zip(table.key, v.key, strict=True)), **values}

    return {
        OLD: side(diff.old),
        NEW: side(diff.new),
        "table": diff.question.table or None,
        "feature": diff.question.feature,
        "identical": diff.identical,
        "settings": {n: pair(values) for n, values in diff.settings.items()},
        "files": [{"name": name, "how": how} for name, how in diff.files],
        "model_versions": {n: pair(values) for n, values in diff.versions.items()},
        "sae_id": pair(diff.sae_ids),
        "tables": {
            t.name: {
                "differs": t.differs if t.compared else None,
                "only_in": t.only or None,
                "note": t.note or None,
                "rows": pair(t.rows),
                "num_added": t.num_added,
                "num_removed": t.num_removed,
                "num_changed": t.num_changed,
                "added": t.added,
                "removed": t.removed,
                "columns_added": t.columns_added,
                "columns_removed": t.columns_removed,
                "columns": {
                    c.name: {
                        "type": c.type,
                        "changed": c.changed,
                        "largest": c.largest,
                        "mean": c.mean,
                        "to_or_from_null": c.nulls,
                        "values": [value(t, c, v) for v in c.values],
                    }
                    for c in t.columns
                },
            }
            for t in diff.tables
        },
    }
