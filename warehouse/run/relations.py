"""The relations of a build's file: made from models, described, hashed, dropped."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb

from warehouse.database import run
from warehouse.models import types
from warehouse.models.model import ALL_IDS, Model
from warehouse.plan.graph import Node
from warehouse.plan.plan import Prepared
from warehouse.plan.state import NodeState
from warehouse.read.inputs import INPUTS
from warehouse.sqltext import digest, identifier, literal, quoted_column


@dataclass(frozen=True)
class Relations:
    """The relations of one build's file; `parameters`: what models bind, by name."""

    connection: duckdb.DuckDBPyConnection
    parameters: Mapping[str, object]

    def fill_table(self, model: Model, outdated: Sequence[str] | None) -> None:
        """Make the model's table; or, when rows stay, replace those of the `outdated` files."""
        table = identifier(model.name)
        bound = {name: self.parameters[name] for name in model.parameters}
        if outdated is None:
            self.drop(model.name, "VIEW")
            making = f"CREATE OR REPLACE TABLE {table} AS"
            for part in self._parts(model):
                sql = f"{making} {_select(model, model.sql)}"
                run(self.connection, sql, {**bound, **part} or None)
                making = f"INSERT INTO {table} BY NAME"
            describe(self.connection, model, model.kind)
            return
        sql = f"DELETE FROM {table} WHERE list_contains(?, {identifier(model.incremental)})"
        run(self.connection, sql, [list(outdated)])
        run(self.connection, f"INSERT INTO {table} BY NAME {model.sql}", bound or None)

    def make_macro(self, model: Model) -> None:
        run(self.connection, model.filled(self.parameters))
        describe(self.connection, model, model.kind)

    def make_view(self, model: Model) -> None:
        sql = _select(model, model.filled(self.parameters))
        run(self.connection, f"CREATE OR REPLACE VIEW {identifier(model.name)} AS {sql}")
        describe(self.connection, model, model.kind)

    def content(self, name: str) -> tuple[str, int]:
        """Order-free hash of a relation's rows, and their number."""
        columns = run(self.connection, f"DESCRIBE {identifier(name)}")
        row = ", ".join(part for column, type_, *_ in columns for part in hashable(column, type_))
        count, mixed, total = run(
            self.connection,
            f"SELECT count(*), coalesce(bit_xor(h), 0), coalesce(sum(h::HUGEINT), 0) "
            f"FROM (SELECT hash({row}) AS h FROM {identifier(name)})",
        )[0]
        return digest(count, mixed, total), count

    def count(self, name: str) -> int:
        return run(self.connection, f"SELECT count(*) FROM {identifier(name)}")[0][0]

    def drop(self, name: str, kind: str) -> None:
        """Drop a table or a view, `kind`, if there is one of this name."""
        # Looking it up in duckdb_views() takes ten times as long, and a tenth of a small build.
        with contextlib.suppress(duckdb.CatalogException):  # of that name there is the other kind
            run(self.connection, f"DROP {kind} IF EXISTS {identifier(name)}")

    def forget(self, name: str) -> None:
        """Drop what a model made that no longer exists."""
        self.drop(name, "VIEW")
        self.drop(name, "TABLE")
        run(self.connection, f"DROP MACRO TABLE IF EXISTS {identifier(name)}")
        run(self.connection, "DELETE FROM _warehouse.nodes WHERE node = ?", [name])

    def _parts(self, model: Model) -> list[dict[str, int]]:
        """What each statement binds that makes a part of the model; of a model made at once: nothing.

        A part is some thousand ids (of features, mostly) of the column that the header names. What
        is grouped by them then needs no more memory for more of them, and keeps in the processor's
        cache. A part that reads all prompts has more (batch_size), or parts times prompts would count.
        """
        if not model.batch_by:
            return [{}]
        relation, _, column = model.batch_by.rpartition(".")
        firsts = run(
            self.connection,
            f"""SELECT id FROM (SELECT DISTINCT {quoted_column(column)} AS id FROM {identifier(relation)})
            QUALIFY row_number() OVER (ORDER BY id) % {model.batch_size} = 0 ORDER BY id""",
        )
        first, last = ALL_IDS.values()
        edges = [first, *(id_ for (id_,) in firsts), last + 1]
        return [dict(zip(ALL_IDS, (a, b - 1), strict=True)) for a, b in pairwise(edges)]


def describe(
    connection: duckdb.DuckDBPyConnection, model: Model, kind: str, columns: Sequence[str] = ()
) -> None:
    """The header's descriptions as comments, where any DuckDB shell shows them.

    `kind`: view, table or macro; `columns`: those that there are, where it may not have all.
    """
    name = identifier(model.name)
    comments = [
        f"COMMENT ON {kind.replace('macro', 'macro table')} {name} IS {literal(model.description)}"
    ]
    if kind != "macro":
        comments += [
            f"COMMENT ON COLUMN {name}.{identifier(c.name)} IS {literal(c.description)}"
            for c in model.columns
            if not columns or c.name in columns
        ]
    run(connection, "; ".join(["BEGIN", *comments, "COMMIT"]))


def hashable(column: str, type_: str) -> list[str]:
    """Expressions that tell a column's values apart: DuckDB hashes [], [NULL] and NULL alike."""
    name = quoted_column(column)
    if type_.endswith("[]") and type_.count("[") == 1 and "(" not in type_:
        return [name, f"len({name})", f"list_count({name})"]
    if "[" in type_:
        return [f"{name}::VARCHAR"]
    return [name]


def _select(model: Model, sql: str) -> str:
    return types.typed(model, sql) if model.is_typed else sql


def unchanged_files(
    prepared: Prepared,
    node: Node,
    before: NodeState | None,
    fingerprint: str,
    parents: Mapping[str, str],
) -> frozenset[str] | None:
    """For an incremental model: the files whose rows stay. None: read everything."""
    if (
        not node.model.incremental
        or not before
        or before.fingerprint != fingerprint
        or prepared.plan.full
    ):
        return None
    if any(before.parents.get(p) != r for p, r in parents.items() if p not in INPUTS):
        return None
    old = prepared.state.files
    return frozenset(
        f.name
        for f in prepared.plan.files
        if f.input in node.parents and f.name in old and old[f.name].hash == f.hash
    )
