"""Comparing relations that two warehouse files hold: a full join on the key, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from warehouse.database import run
from warehouse.diff.difference import (
    NEW,
    OLD,
    ColumnDiff,
    Question,
    TableDiff,
    Value,
    is_nested,
    is_number,
)
from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.models.model import Model
from warehouse.sqltext import identifier

# They hold one row per token, window or pair of windows: compared only when they are asked for.
ON_REQUEST = frozenset(
    {"activation_embeddings", "activations_long", "embeddings_long", "pairs_long"}
)

# It says again what the other relations say.
_REPEATS = "analysis.figures_long"

# One value for the whole warehouse, reported once; and what a prompt's id stands for.
_NOT_COMPARED = {"": ("sae_id",), "activation_examples": ("prompt_tokens",)}


def is_compared(node: str) -> bool:
    """Whether a node is a master, or a flat relation that lists what masters nest."""
    flat = node.startswith("analysis.") and node.endswith("_long") and node != _REPEATS
    return flat or node.startswith("master.")


def assert_table(known: Mapping[str, Model], table: str) -> None:
    """UsageError when a table is asked for that no comparison knows."""
    names = sorted(_short(name) for name in known if is_compared(name))
    if table and table not in names:
        near = nearest(table, names)
        hint = f'did you mean "{near}"?' if near else f"tables: {', '.join(names)}"
        raise UsageError(f'no table to compare is called "{table}"', hint)


def compare_tables(
    connection: duckdb.DuckDBPyConnection,
    new: str,
    known: Mapping[str, Model],
    nodes: Sequence[Mapping[str, tuple]],
    question: Question,
) -> list[TableDiff]:
    """Masters first, then the flat relations; `nodes`: what `diff._nodes` gives of both sides."""
    found = []
    every = {node for side in nodes for node in side if is_compared(node)}
    if question.table:
        every = {node for node in every if _short(node) == question.table}
        if not every:
            raise WarehouseError(f'"{question.table}" was not built', "python cli.py build")
    for node in sorted(every, key=lambda n: (not n.startswith("master."), n)):
        name, key = _short(node), known[node].key if node in known else ()
        made = [side.get(node) for side in nodes]
        rows = tuple(m[2] if m else 0 for m in made)
        if not all(made):
            found.append(TableDiff(name, key, rows, only=OLD if made[0] else NEW))
        elif made[0][1] == made[1][1]:  # the result: a view's stands for all that it reads
            found.append(TableDiff(name, key, rows))
        elif name in ON_REQUEST and not question.table:
            note = f"it is large; --table {name} compares it"
            found.append(TableDiff(name, key, rows, compared=False, note=note))
        else:
            found.append(_Comparison(connection, new, node, key, question).table(rows))
    return found


def _short(node: str) -> str:
    return node.partition(".")[2]


class _Comparison:
    """One relation of both sides, joined in full on its key into a temporary table of what differs.

    The table holds keys, which side has the row, and of every column whether it differs; of plain
    columns either value.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        new: str,
        node: str,
        key: Sequence[str],
        question: Question,
    ) -> None:
        schema, _, self.name = node.partition(".")
        self.connection, self.key, self.question = connection, tuple(key), question
        self.relations = [f"{alias}.{identifier(node)}" for alias in (OLD, new)]
        self.types = [columns_of(connection, alias, schema, self.name) for alias in (OLD, new)]
        left_out = {*key, *_NOT_COMPARED[""], *_NOT_COMPARED.get(self.name, ())}
        self.common = [c for c in self.types[1] if c in self.types[0] and c not in left_out]
        self.limit = question.limit_of(node)

    def table(self, rows: tuple[int, int]) -> TableDiff:
        old, new = self.types
        if not self.key or any(k not in side for k in self.key for side in (old, new)):
            note = f"its key ({', '.join(self.key) or 'none'}) is not on both sides"
            return TableDiff(self.name, self.key, rows, compared=False, note=note)
        self._join()
        counts = self._select(
            f"count(*) FILTER (NOT in_{OLD}), count(*) FILTER (NOT in_{NEW}), "
            f"count(*) FILTER (in_{OLD} AND in_{NEW})"
        )[0]
        left_out = _NOT_COMPARED.get(self.name, ())
        return TableDiff(
            self.name,
            self.key,
            rows,
            *counts,
            added=self._rows("n", f"NOT in_{OLD}"),
            removed=self._rows("o", f"NOT in_{NEW}"),
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
        keys = [identifier(k) for k in self.key]
        on = " AND ".join(f"o.{k} IS NOT DISTINCT FROM n.{k}" for k in keys)
        columns = [f"coalesce(o.{k}, n.{k}) AS k{i}" for i, k in enumerate(keys)]
        columns += [f"o._there IS NOT NULL AS in_{OLD}", f"n._there IS NOT NULL AS in_{NEW}"]
        tests = ["o._there IS NULL", "n._there IS NULL"]
        for i, column in enumerate(self.common):
            name, types = identifier(column), self._types(i)
            cast = "" if types[0] == types[1] or all(map(is_number, types)) else "::VARCHAR"
            tests.append(f"o.{name}{cast} IS DISTINCT FROM n.{name}{cast}")
            columns.append(f"{tests[-1]} AS x{i}")
            if not is_nested(types[1]):
                columns += [f"o.{name} AS o{i}", f"n.{name} AS n{i}"]
        run(
            self.connection,
            f"""CREATE OR REPLACE TEMP TABLE _diff AS SELECT {", ".join(columns)}
            FROM {sides[0]} o FULL JOIN {sides[1]} n ON {on} WHERE {" OR ".join(tests)}""",
        )

    def _types(self, i: int) -> list[str]:
        return [side[self.common[i]] for side in self.types]

    def _select(self, columns: str, rest: str = "") -> list[tuple]:
        return run(self.connection, f"SELECT {columns} FROM _diff {rest}")

    @property
    def _keys(self) -> str:
        return ", ".join(f"k{i}" for i in range(len(self.key)))

    @property
    def _limit(self) -> str:
        return "" if self.limit is None else f" LIMIT {self.limit}"

    def _rows(self, side: str, where: str) -> tuple[Mapping[str, object], ...]:
        """Rows that are on one side only: their keys; of one feature their plain columns too."""
        names, columns = self.key, self._keys
        if self.question.feature is not None:
            plain = [i for i in range(len(self.common)) if not is_nested(self._types(i)[1])]
            names = (*names, *(self.common[i] for i in plain))
            columns = ", ".join([columns, *(f"{side}{i}" for i in plain)])
        rows = self._select(columns, f"WHERE {where} ORDER BY {self._keys}{self._limit}")
        return tuple(dict(zip(names, row, strict=True)) for row in rows)

    def _column(self, i: int) -> ColumnDiff | None:
        """What changed in a column, the largest change first; None when nothing did."""
        types = self._types(i)
        nested = is_nested(types[1])
        change = f"abs(n{i}::DOUBLE - o{i}::DOUBLE)" if all(map(is_number, types)) else "NULL"
        values = "NULL, NULL" if nested else f"o{i}, n{i}"
        null = "false" if nested else f"o{i} IS NULL OR n{i} IS NULL"
        both = f"WHERE in_{OLD} AND in_{NEW} AND x{i}"
        changed, largest, mean, nulls = self._select(
            "count(*), max(c) FILTER (isfinite(c)), avg(c) FILTER (isfinite(c)), count(*) FILTER (n) "
            f"FROM (SELECT ({change})::DOUBLE AS c, {null} AS n",
            f"{both})",
        )[0]
        if not changed:
            return None
        order = f"ORDER BY ({change})::DOUBLE DESC NULLS LAST, {self._keys}{self._limit}"
        rows = self._select(f"{self._keys}, {values}", f"{both} {order}")
        told = tuple(Value(row[:-2], *row[-2:]) for row in rows)
        return ColumnDiff(self.common[i], types[1], changed, largest, mean, nulls, told)


def columns_of(
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
