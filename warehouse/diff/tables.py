"""Comparing masters: a full join on the key, in SQL."""

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
from warehouse.errors import WarehouseError
from warehouse.models.model import Model
from warehouse.sqltext import identifier

# It reads every vector, gigabytes of them: compared only when it is asked for.
ON_REQUEST = frozenset({"activation_embeddings"})

# One value for the whole warehouse, told once; and what a prompt's id stands for.
_NOT_COMPARED = {"": ("sae_id",), "activation_examples": ("prompt_tokens",)}


def compare_tables(
    connection: duckdb.DuckDBPyConnection,
    new: str,
    known: Mapping[str, Model],
    nodes: Sequence[Mapping[str, tuple]],
    question: Question,
) -> list[TableDiff]:
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
        self.types = [columns_of(connection, alias, "master", name) for alias in (OLD, new)]
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
            cast = "" if types[0] == types[1] or all(map(is_number, types)) else "::VARCHAR"
            test = f"o.{name}{cast} IS DISTINCT FROM n.{name}{cast}"
            tests.append(test)
            columns.append(f"{test} AS x{i}")
            if not is_nested(types[1]):
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
            limit = _limit(self.question.key_limit)
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
        change = f"abs(n{i}::DOUBLE - o{i}::DOUBLE)" if all(map(is_number, types)) else "NULL"
        null = "false" if is_nested(types[1]) else f"o{i} IS NULL OR n{i} IS NULL"
        changed, largest, mean, nulls = run(
            self.connection,
            f"""SELECT count(*), max(c) FILTER (isfinite(c)), avg(c) FILTER (isfinite(c)),
                count(*) FILTER (n)
            FROM (SELECT {change}::DOUBLE AS c, {null} AS n FROM _diff WHERE {both})""",
        )[0]
        if not changed:
            return None
        values = self._nested(i, both) if is_nested(types[1]) else self._plain(i, both, change)
        return ColumnDiff(self.common[i], types[1], changed, largest, mean, nulls, values)

    def _plain(self, i: int, both: str, change: str) -> tuple[Value, ...]:
        """A plain column's changed values, the largest change first."""
        found = run(
            self.connection,
            f"""SELECT {self._keys}, o{i}, n{i} FROM _diff WHERE {both}
            ORDER BY ({change})::DOUBLE DESC NULLS LAST, {self._keys}{_limit(self.question.key_limit)}""",
        )
        return tuple(Value(row[:-2], *row[-2:]) for row in found)

    def _nested(self, i: int, both: str) -> tuple[Value, ...]:
        """A nested column's changed values by key; beyond the limit their keys alone."""
        told, listed = self.question.detail_limit, self.question.key_limit
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


def _limit(count: int | None) -> str:
    return "" if count is None else f" LIMIT {count}"
