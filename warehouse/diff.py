"""What differs between two builds: rows by key, values by column, nested values by item.

Either file is attached read-only and the comparison is SQL: per master a full join on its key.
Masters that the same run of the same node made are equal and are not read at all.
"""

from __future__ import annotations

import datetime
import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse import history
from warehouse.database import open_for_build, run
from warehouse.errors import UsageError, WarehouseError, first_line
from warehouse.export import chosen
from warehouse.models.library import load_all
from warehouse.models.model import Model
from warehouse.plan.graph import Job
from warehouse.project import Layout
from warehouse.run.build import build
from warehouse.run.events import Event
from warehouse.settings import RUNTIME_ONLY, Settings, differing
from warehouse.sqltext import identifier, literal

OLD, NEW = "old", "new"
CHANGED, ADDED, REMOVED = "changed", "added", "removed"

# Values shown in full a column: in the summary, and of one table. Then this many keys alone.
FEW, MANY, KEYS_MORE = 5, 20, 20

# It reads every vector, gigabytes of them: compared only when it is asked for.
ON_REQUEST = frozenset({"activation_embeddings"})
# One value for the whole warehouse, told once; and what a prompt's id stands for.
_NOT_COMPARED = {"": ("sae_id",), "activation_examples": ("prompt_tokens",)}

_NUMBERS = frozenset({
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE",
})  # fmt: skip
SHORT_LIST, _MANY_ITEMS = 8, 200


@dataclass(frozen=True)
class Question:
    """What to look at. `limit`: values a column; `everything`: list every change, for programs."""

    table: str = ""
    feature: int | None = None
    limit: int | None = None
    everything: bool = False

    @property
    def told(self) -> int | None:
        """How many changed values of a column are told as old and new; None: all."""
        if self.limit is None and self.feature is not None:
            return None
        return self.limit or (MANY if self.table else FEW)

    @property
    def listed(self) -> int | None:
        """How many of them are named at all, by their keys."""
        if self.told is None or (self.everything and not self.limit):
            return None
        return self.told if self.everything else self.told + KEYS_MORE


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
    """A changed value. Of a nested one beyond the limit only the key is `told`."""

    key: tuple[object, ...]
    old: object = None
    new: object = None
    told: bool = True


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
        return _is_nested(self.type)


@dataclass(frozen=True)
class TableDiff:
    """A master's difference. `added`, `removed`: keys, or whole rows when a feature is asked for.

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


@dataclass(frozen=True)
class Change:
    """A place inside a nested value. `kind`: changed, or an item that is added or removed."""

    path: str
    kind: str
    old: object
    new: object


# --- the two states ------------------------------------------------------------------------------


def between(settings: Settings, ids: Sequence[str], question: Question) -> Diff:
    """Compare two builds' results: previous and latest when none is named, one and latest."""
    layout = Layout(settings.data)
    _known_table(question)
    recorded = history.builds(layout)
    old, new = [*ids, *["previous", "latest"][len(ids) :]]
    old, new = history.find(recorded, old), history.find(recorded, new)
    files = [history.results(layout, b, settings) for b in (old, new)]
    labels = ["published" if b.published else "kept" for b in (old, new)]
    return _compared(settings, files, labels, question)


def preview(
    settings: Settings,
    jobs: Sequence[Job],
    overrides: Sequence[str],
    question: Question,
    wait: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
) -> Diff:
    """Compare the published state with what a build would make of it now. Publishes nothing."""
    published = Layout(settings.data).warehouse
    _known_table(question)
    if not published.exists():
        raise WarehouseError(f'"{published}" does not exist', "python cli.py build")
    label = " ".join(f"--set {o}" for o in overrides) + ", not published"
    found: list[Diff] = []

    def compare(built: Path) -> None:
        found.append(_compared(settings, [published, built], ["published", label], question))

    build(settings, jobs, exports=False, wait=wait, on_event=on_event, dry=compare)
    if not found:  # every result stands as it is
        compare(published)
    return found[0]


def is_preview(overrides: Sequence[str]) -> bool:
    """Whether `--set` overrides ask for a preview: one of them can change a result."""
    return any(o.partition("=")[0].strip() not in RUNTIME_ONLY for o in overrides)


def _known_table(question: Question) -> None:
    if question.table:
        chosen(load_all(), [question.table])


@contextmanager
def _attached(settings: Settings, files: Sequence[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with both files read-only as `old` and `new`; one file may be both."""
    with tempfile.TemporaryDirectory(prefix="warehouse-diff-") as spill:
        connection = open_for_build(None, Path(spill), settings)
        with connection:
            try:
                run(connection, f"ATTACH {literal(str(files[0]))} AS {OLD} (READ_ONLY)")
                if files[0] != files[1]:
                    run(connection, f"ATTACH {literal(str(files[1]))} AS {NEW} (READ_ONLY)")
                yield connection
            except duckdb.OutOfMemoryException as error:
                raise WarehouseError(f"DuckDB ran out of memory: {first_line(error)}", "raise memory_limit, or compare one master: --table NAME") from None  # fmt: skip
            except duckdb.Error as error:
                raise WarehouseError(
                    f'"{files[0]}" and "{files[1]}" cannot be compared: {first_line(error)}',
                    "python cli.py history lists the builds whose results are kept",
                ) from None


def _compared(
    settings: Settings, files: Sequence[Path], labels: Sequence[str], question: Question
) -> Diff:
    with _attached(settings, files) as connection:
        new = NEW if files[0] != files[1] else OLD
        sides = [_side(connection, a, label) for a, label in zip((OLD, new), labels, strict=True)]
        nodes = [_nodes(connection, alias) for alias in (OLD, new)]
        tables = _tables(connection, new, nodes, question)
        if question.feature is not None and not any(t.differs for t in tables):
            _known_feature(connection, new, question.feature)
        return Diff(
            sides[0],
            sides[1],
            question,
            {
                name: pair
                for name, pair in differing(sides[0].settings, sides[1].settings).items()
                if name not in RUNTIME_ONLY
            },
            _files(connection, new),
            _versions(*nodes),
            (_sae_id(connection, OLD), _sae_id(connection, new)),
            tables,
        )


def _side(connection: duckdb.DuckDBPyConnection, alias: str, label: str) -> Side:
    build_id, started, version, engine, text = run(
        connection,
        f"""SELECT build_id, started, version, engine, settings
        FROM {alias}._warehouse.builds ORDER BY started DESC LIMIT 1""",
    )[0]
    return Side(build_id, started, label, f"{version}, DuckDB {engine}", json.loads(text))


def _nodes(connection: duckdb.DuckDBPyConnection, alias: str) -> dict[str, tuple]:
    """Node → (version, result, rows, build that made it)."""
    return {
        row[0]: row[1:]
        for row in run(
            connection,
            f"SELECT node, version, result, rows, build_id FROM {alias}._warehouse.nodes",
        )
    }


def _files(connection: duckdb.DuckDBPyConnection, new: str) -> list[tuple[str, str]]:
    return run(
        connection,
        f"""SELECT coalesce(o.name, n.name) AS name,
            CASE WHEN o.name IS NULL THEN '{ADDED}' WHEN n.name IS NULL THEN '{REMOVED}' ELSE '{CHANGED}' END
        FROM {OLD}._warehouse.files o FULL JOIN {new}._warehouse.files n ON n.name = o.name
        WHERE o.hash IS DISTINCT FROM n.hash OR o.name IS NULL OR n.name IS NULL
        ORDER BY name""",
    )


def _versions(
    old: Mapping[str, tuple], new: Mapping[str, tuple]
) -> dict[str, tuple[int | None, int | None]]:
    pairs = {n: (old.get(n, (None,))[0], new.get(n, (None,))[0]) for n in sorted({**old, **new})}
    return {n: pair for n, pair in pairs.items() if pair[0] != pair[1]}


def _sae_id(connection: duckdb.DuckDBPyConnection, alias: str) -> str | None:
    if not _columns(connection, alias, "staging", "sae"):
        return None
    rows = run(connection, f"SELECT sae_id FROM {alias}.staging.sae")
    return rows[0][0] if rows else None


def _known_feature(connection: duckdb.DuckDBPyConnection, new: str, feature: int) -> None:
    """UsageError when a feature is in neither state."""
    for alias in (OLD, new):
        if not _columns(connection, alias, "staging", "features"):
            return
        where = f"SELECT 1 FROM {alias}.staging.features WHERE feature_id = ? LIMIT 1"
        if run(connection, where, [feature]):
            return
    raise UsageError(
        f'feature "{feature}" is in neither state',
        'python cli.py query "select feature_id from staging.features" lists them',
    )


# --- comparing -----------------------------------------------------------------------------------


def _tables(
    connection: duckdb.DuckDBPyConnection,
    new: str,
    nodes: Sequence[Mapping[str, tuple]],
    question: Question,
) -> list[TableDiff]:
    known = load_all()
    found = []
    every = {n.partition(".")[2] for side in nodes for n in side if n.startswith("master.")}
    if question.table and question.table not in every:
        raise WarehouseError(f'"master.{question.table}" was not built', "python cli.py build")
    for name in sorted({question.table} if question.table else every):
        model = known.get(f"master.{name}")
        made = [side.get(f"master.{name}") for side in nodes]
        rows = tuple(m[2] if m else 0 for m in made)
        key = model.key if model else ()
        if not all(made):
            found.append(TableDiff(name, key, rows, only=OLD if made[0] else NEW))
        elif made[0][3] == made[1][3]:  # the same run made both
            found.append(TableDiff(name, key, rows))
        elif name in ON_REQUEST and name != question.table:
            same = made[0][1] == made[1][1]  # a view's result stands for all that it reads
            note = "" if same else f"it reads every vector; --table {name} compares it"
            found.append(TableDiff(name, key, rows, compared=same, note=note))
        else:
            found.append(_Comparison(connection, new, name, model, question).table(rows))
    return found


class _Comparison:
    """One master of both sides, joined in full on its key into a temporary table of what differs.

    The table holds keys, which side has the row, either value of plain columns, and for nested
    columns whether they differ; nested values are fetched by key for the few that are told.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        new: str,
        name: str,
        model: Model | None,
        question: Question,
    ) -> None:
        self.connection, self.name, self.question = connection, name, question
        self.relations = [f"{alias}.master.{identifier(name)}" for alias in (OLD, new)]
        self.types = [_columns(connection, alias, "master", name) for alias in (OLD, new)]
        self.key = model.key if model else ()
        left_out = {*_NOT_COMPARED[""], *_NOT_COMPARED.get(name, ())}
        self.common = [
            c for c in self.types[1]
            if c in self.types[0] and c not in self.key and c not in left_out
        ]  # fmt: skip

    def table(self, rows: tuple[int, int]) -> TableDiff:
        old, new = self.types
        if not self.key or any(k not in side for k in self.key for side in (old, new)):
            note = f"its key ({', '.join(self.key) or 'none'}) is not on both sides"
            return TableDiff(self.name, self.key, rows, compared=False, note=note)
        self._join()
        counts = run(
            self.connection,
            f"""SELECT count(*) FILTER (NOT in_{OLD}), count(*) FILTER (NOT in_{NEW}),
                count(*) FILTER (in_{OLD} AND in_{NEW}) FROM _diff""",
        )[0]
        left_out = _NOT_COMPARED.get(self.name, ())
        return TableDiff(
            self.name,
            self.key,
            rows,
            *counts,
            added=self._rows(NEW, OLD),
            removed=self._rows(OLD, NEW),
            columns=tuple(filter(None, map(self._column, range(len(self.common))))),
            columns_added=tuple(c for c in new if c not in old),
            columns_removed=tuple(c for c in old if c not in new),
            note=f"{', '.join(left_out)} not compared" if left_out else "",
        )

    def _join(self) -> None:
        wanted = ", ".join(map(identifier, (*self.key, *self.common)))
        where = ""
        if self.question.feature is not None:
            where = f" WHERE feature_id = {self.question.feature}"
        sides = [f"(SELECT {wanted}, true AS _there FROM {r}{where})" for r in self.relations]
        on = " AND ".join(f"o.{identifier(k)} = n.{identifier(k)}" for k in self.key)
        columns = [f"coalesce(o.{identifier(k)}, n.{identifier(k)}) AS k{i}" for i, k in enumerate(self.key)]  # fmt: skip
        columns += [f"o._there IS NOT NULL AS in_{OLD}", f"n._there IS NOT NULL AS in_{NEW}"]
        tests = ["o._there IS NULL", "n._there IS NULL"]
        for i, column in enumerate(self.common):
            name, types = identifier(column), [side[column] for side in self.types]
            cast = "" if types[0] == types[1] or all(map(_is_number, types)) else "::VARCHAR"
            test = f"o.{name}{cast} IS DISTINCT FROM n.{name}{cast}"
            tests.append(test)
            columns.append(f"{test} AS x{i}")
            if not _is_nested(types[1]):
                columns += [f"o.{name} AS o{i}", f"n.{name} AS n{i}"]
        run(
            self.connection,
            f"""CREATE OR REPLACE TEMP TABLE _diff AS SELECT {", ".join(columns)}
            FROM {sides[0]} o FULL JOIN {sides[1]} n ON {on} WHERE {" OR ".join(tests)}""",
        )

    @property
    def _keys(self) -> str:
        return ", ".join(f"k{i}" for i in range(len(self.key)))

    def _rows(self, on: str, missing: str) -> tuple[Mapping[str, object], ...]:
        """Rows that are on one side only: their keys, or all of them for one feature."""
        where = f"WHERE in_{on} AND NOT in_{missing} ORDER BY {self._keys}"
        if self.question.feature is None:
            limit = _limit(self.question.listed)
            found = run(self.connection, f"SELECT {self._keys} FROM _diff {where}{limit}")
            return tuple(dict(zip(self.key, row, strict=True)) for row in found)
        relation = self.relations[on == NEW]
        columns = [*self.key, *self.common]
        wanted = ", ".join(f"r.{identifier(c)}" for c in columns)
        on_key = " AND ".join(f"r.{identifier(k)} = d.k{i}" for i, k in enumerate(self.key))
        found = run(
            self.connection, f"SELECT {wanted} FROM _diff d JOIN {relation} r ON {on_key} {where}"
        )
        return tuple(dict(zip(columns, row, strict=True)) for row in found)

    def _column(self, i: int) -> ColumnDiff | None:
        """What changed in a column, None when nothing did."""
        types = [side[self.common[i]] for side in self.types]
        both = f"in_{OLD} AND in_{NEW} AND x{i}"
        change = f"abs(n{i}::DOUBLE - o{i}::DOUBLE)" if all(map(_is_number, types)) else "NULL"
        null = "false" if _is_nested(types[1]) else f"o{i} IS NULL OR n{i} IS NULL"
        changed, largest, mean, nulls = run(
            self.connection,
            f"""SELECT count(*), max(c) FILTER (isfinite(c)), avg(c) FILTER (isfinite(c)),
                count(*) FILTER (n)
            FROM (SELECT {change}::DOUBLE AS c, {null} AS n FROM _diff WHERE {both})""",
        )[0]
        if not changed:
            return None
        values = self._nested(i, both) if _is_nested(types[1]) else self._plain(i, both, change)
        return ColumnDiff(self.common[i], types[1], changed, largest, mean, nulls, values)

    def _plain(self, i: int, both: str, change: str) -> tuple[Value, ...]:
        """A plain column's changed values, the largest change first."""
        found = run(
            self.connection,
            f"""SELECT {self._keys}, o{i}, n{i} FROM _diff WHERE {both}
            ORDER BY ({change})::DOUBLE DESC NULLS LAST, {self._keys}{_limit(self.question.listed)}""",
        )
        return tuple(Value(row[:-2], *row[-2:]) for row in found)

    def _nested(self, i: int, both: str) -> tuple[Value, ...]:
        """A nested column's changed values by key; beyond the limit their keys alone."""
        told, listed = self.question.told, self.question.listed
        name = identifier(self.common[i])
        some = f"SELECT {self._keys} FROM _diff WHERE {both} ORDER BY {self._keys}"
        on = [" AND ".join(f"{a}.{identifier(k)} = d.k{j}" for j, k in enumerate(self.key)) for a in "on"]  # fmt: skip
        keys = ", ".join(f"d.k{j}" for j in range(len(self.key)))
        values = [
            Value(row[:-2], *row[-2:])
            for row in run(
                self.connection,
                f"""SELECT {keys}, o.{name}, n.{name} FROM ({some}{_limit(told)}) d
                JOIN {self.relations[0]} o ON {on[0]} JOIN {self.relations[1]} n ON {on[1]}
                ORDER BY {keys}""",
            )
        ]
        if told is None or listed == told:
            return tuple(values)
        more = None if listed is None else listed - told
        rest = run(self.connection, f"{some}{_limit(more)} OFFSET {told}")
        return (*values, *(Value(row, told=False) for row in rest))


def _columns(
    connection: duckdb.DuckDBPyConnection, alias: str, schema: str, name: str
) -> dict[str, str]:
    """A relation's columns with their types, in order; none when it is not there."""
    return dict(
        run(
            connection,
            """SELECT column_name, data_type FROM duckdb_columns()
            WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index""",
            [alias, schema, name],
        )
    )


def _is_number(type_: str) -> bool:
    return type_ in _NUMBERS or type_.startswith("DECIMAL")


def _is_nested(type_: str) -> bool:
    return type_.endswith("]") or type_.startswith(("STRUCT", "MAP"))


def _limit(count: int | None) -> str:
    return "" if count is None else f" LIMIT {count}"


# --- nested values -------------------------------------------------------------------------------


def changes(old: object, new: object, path: str = "") -> list[Change]:
    """Where two values differ. Items of lists of structs are paired by all but their decimals.

    >>> changes([{"scorer": "a", "fuzz": 0.5}], [{"scorer": "a", "fuzz": 0.75}], "scores")
    [Change(path='scores[a].fuzz', kind='changed', old=0.5, new=0.75)]
    """
    if _same(old, new):
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        inner = [changes(old.get(k), new.get(k), f"{path}.{k}") for k in {**old, **new}]
        return [change for found in inner for change in found]
    if isinstance(old, list) and isinstance(new, list):
        if all(isinstance(item, dict) for item in (*old, *new)):
            return _items(old, new, path)
        if all(isinstance(item, int | str) for item in (*old, *new)):
            return _members(old, new, path)
        inner_lists = all(isinstance(item, list) for item in (*old, *new))
        if len(old) == len(new) and (len(old) <= SHORT_LIST or inner_lists):
            inner = [changes(*pair, f"{path}[{i}]") for i, pair in enumerate(zip(old, new, strict=True))]  # fmt: skip
            return [change for found in inner for change in found]
    return [Change(path, CHANGED, old, new)]


def _members(old: Sequence[object], new: Sequence[object], path: str) -> list[Change]:
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    found = [Change(path, REMOVED, item, None) for item in gone.elements()]
    found += [Change(path, ADDED, None, item) for item in come.elements()]
    return found or [Change(f"{path}, order", CHANGED, old, new)]


def _items(old: Sequence[dict], new: Sequence[dict], path: str) -> list[Change]:
    pairs = _pairs(old, new)
    found: list[Change] = []
    for item in old:
        if id(item) in pairs:
            other = pairs[id(item)]
            found += changes(item, other, f"{path}[{label(item, other)}]")
        else:
            found.append(Change(path, REMOVED, item, None))
    paired = {id(item) for item in pairs.values()}
    found += [Change(path, ADDED, None, item) for item in new if id(item) not in paired]
    if not found:
        orders = ([label(item) for item in side] for side in (old, new))
        found.append(Change(f"{path}, order", CHANGED, *orders))
    return found


def _pairs(old: Sequence[dict], new: Sequence[dict]) -> dict[int, dict]:
    """The new item that each old one became, by the old one's id().

    First those that are alike but for decimals; then those whose names and whole numbers agree;
    then those where all of these but one do, and two at least.
    """
    found: dict[int, dict] = {}
    waiting: dict[str, list[dict]] = {}
    for item in new:
        waiting.setdefault(_identity(item), []).append(item)
    for item in old:
        if others := waiting.get(_identity(item)):
            found[id(item)] = others.pop(0)
    left_new = [item for items in waiting.values() for item in items]
    left_old = [item for item in old if id(item) not in found]
    if max(len(left_old), len(left_new)) > _MANY_ITEMS:
        return found
    for unlike in (0, 1):
        for item in left_old:
            near = (o for o in left_new if id(item) not in found and _differ(item, o, unlike))
            if other := next(near, None):
                found[id(item)] = other
                left_new = [o for o in left_new if o is not other]
    return found


def _differ(old: dict, new: dict, unlike: int) -> bool:
    """Whether two items differ in just so many names and whole numbers, and agree in more."""
    names = [k for k in old if isinstance(old[k], int | str) and k in new]
    agree = sum(old[k] == new[k] for k in names)
    return len(names) - agree == unlike and agree > unlike


def _identity(item: dict) -> str:
    return json.dumps(_without_decimals(item), sort_keys=True, default=str)


def _without_decimals(value: object) -> object:
    if isinstance(value, dict):
        return {k: _without_decimals(v) for k, v in value.items() if not isinstance(v, float)}
    if isinstance(value, list):
        return [_without_decimals(v) for v in value]
    return value


def label(item: Mapping[str, object], other: Mapping[str, object] | None = None) -> str:
    """An item's names and whole numbers, those that `other` shares."""
    other = item if other is None else other
    return " ".join(
        str(v) for k, v in item.items() if isinstance(v, int | str) and v == other.get(k)
    )


def _same(old: object, new: object) -> bool:
    nan = isinstance(old, float) and isinstance(new, float) and math.isnan(old) and math.isnan(new)
    return old == new or nan


# --- for programs --------------------------------------------------------------------------------


def as_json(diff: Diff) -> str:
    """All of it as one JSON object."""
    return json.dumps(_finite(_document(diff)), ensure_ascii=False, indent=2, default=str)


def _document(diff: Diff) -> dict[str, object]:
    def pair(values: Sequence[object]) -> dict[str, object]:
        return {OLD: values[0], NEW: values[1]}

    def side(s: Side) -> dict[str, object]:
        return {"build_id": s.build_id, "started": s.started.isoformat(), "what": s.label, "program": s.program}  # fmt: skip

    def value(key: Sequence[str], v: Value) -> dict[str, object]:
        told = pair((v.old, v.new)) if v.told else {}
        return {"key": dict(zip(key, v.key, strict=True)), **told}

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
                        "values": [value(t.key, v) for v in c.values],
                    }
                    for c in t.columns
                },
            }
            for t in diff.tables
        },
    }


def _finite(value: object) -> object:
    """JSON has no word for NaN and infinity: they become text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value
