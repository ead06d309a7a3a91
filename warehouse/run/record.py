"""What a build records of itself in the schema `_warehouse` of its own file."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field

import duckdb

from warehouse import __version__
from warehouse.database import run
from warehouse.plan.plan import Prepared
from warehouse.plan.state import FILE_COLUMNS, NodeState
from warehouse.read.content import InputFile
from warehouse.read.inputs import INPUTS


@dataclass
class Record:
    """The record of one build: its files and settings when it begins, its nodes when it ends."""

    connection: duckdb.DuckDBPyConnection
    build_id: str
    _states: list[NodeState] = field(default_factory=list)
    _steps: list[tuple] = field(default_factory=list)

    def begin(self, prepared: Prepared) -> None:
        """Record the files that nodes of the plan read, and that the build began."""
        plan, graph = prepared.plan, prepared.project.graph
        read = {p for s in plan.steps if s.reason != "not selected" for p in graph[s.node].parents}
        inputs = {*(read & INPUTS.keys()), ""}
        save_files(self.connection, inputs, [f for f in plan.files if f.input in inputs], {})
        run(
            self.connection,
            "INSERT INTO _warehouse.builds VALUES (?, ?, NULL, ?, ?, ?)",
            [
                self.build_id,
                utc_now(),
                __version__,
                duckdb.__version__,
                json.dumps(dict(prepared.project.settings.values)),
            ],
        )

    def add_step(self, node: str, action: str, reason: str, state: NodeState) -> None:
        """What the build did with a node. `action`: run; same: it was unchanged when it was checked."""
        self._steps.append((self.build_id, node, action, reason, state.version, state.key, state.result,
                            state.rows, state.seconds))  # fmt: skip
        if action == "run":
            self._states.append(state)

    def count_records(self, counts: Mapping[str, int]) -> None:
        """How many records files were cut into, by the files' names."""
        for file, count in counts.items():
            sql = "UPDATE _warehouse.files SET records = ? WHERE name = ?"
            run(self.connection, sql, [count, file])

    def finish(self) -> None:
        """Record every node that ran, and that the build ended."""
        save_nodes(self.connection, self._states)
        save_steps(self.connection, self._steps)
        save_inputs(self.connection, self.build_id)
        run(
            self.connection,
            "UPDATE _warehouse.builds SET finished = ? WHERE build_id = ?",
            [utc_now(), self.build_id],
        )


def save_nodes(connection: duckdb.DuckDBPyConnection, states: Iterable[NodeState]) -> None:
    """Record the results of nodes, in place of what was known of them."""
    rows = [
        (*astuple(s)[:9], json.dumps(dict(s.parents)), json.dumps(dict(s.settings)), s.place)
        for s in states
    ]
    _insert(connection, "INSERT OR REPLACE INTO _warehouse.nodes", rows)


def save_steps(connection: duckdb.DuckDBPyConnection, rows: Iterable[tuple]) -> None:
    """Add rows of `_warehouse.build_nodes`: what a build did with each node that it ran."""
    _insert(connection, "INSERT INTO _warehouse.build_nodes", rows)


def _insert(connection: duckdb.DuckDBPyConnection, into: str, rows: Iterable[tuple]) -> None:
    """All rows at once: one statement per row would take longer than many a node."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True))
    if columns:
        names = [f"c{i}" for i in range(len(columns))]
        connection.register("_rows", pa.table([pa.array(c) for c in columns], names=names))
        run(connection, f"{into} SELECT * FROM _rows")
        connection.unregister("_rows")


def save_inputs(connection: duckdb.DuckDBPyConnection, build_id: str) -> None:
    """Record what the ledger holds now, one input per row, as what this build knew."""
    counted = run(
        connection,
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'staging' AND table_name = 'file_counts'",
    )
    records = (
        "coalesce((SELECT c.records FROM staging.file_counts c WHERE c.file = f.name), f.records)"
    )
    run(
        connection,
        f"""INSERT INTO _warehouse.build_inputs
        SELECT ?, input, count(*), sum(bytes), sum({records if counted else "f.records"}),
            md5(string_agg(concat_ws(' ', name, hash), chr(10) ORDER BY name))
        FROM _warehouse.files f WHERE input <> '' GROUP BY input""",
        [build_id],
    )


def save_files(
    connection: duckdb.DuckDBPyConnection,
    inputs: Iterable[str],
    files: Iterable[InputFile],
    counts: Mapping[str, int],
) -> None:
    """Replace the ledger rows of `inputs`; record counts of files not read now are kept."""
    import pyarrow as pa

    inputs, files = list(inputs), list(files)
    names = FILE_COLUMNS[:-1]
    table = pa.table(
        {n: [getattr(f, n) for f in files] for n in names}
        | {"records": pa.array([counts.get(f.name) for f in files], pa.int64())}
    )
    connection.register("_new_files", table)
    run(
        connection,
        """CREATE OR REPLACE TEMP TABLE _kept AS
        SELECT n.* REPLACE (coalesce(n.records, o.records) AS records)
        FROM _new_files n LEFT JOIN _warehouse.files o ON o.name = n.name AND o.hash = n.hash""",
    )
    connection.unregister("_new_files")
    run(connection, "DELETE FROM _warehouse.files WHERE list_contains(?, input)", [inputs])
    run(connection, "INSERT INTO _warehouse.files SELECT * FROM _kept")
    run(connection, "DROP TABLE _kept")


def utc_now() -> datetime.datetime:
    """The time as a TIMESTAMP column holds it: UTC, so that its order survives a clock change."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
