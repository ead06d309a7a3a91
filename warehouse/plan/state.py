"""The warehouse's own state, in the schema `_warehouse` of the file it describes.

A few small tables: which files were read, which version of which node made what is there, and
every build. Written inside a build's own copy, so it is published or lost with the results.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.database import open_read_only, run
from warehouse.errors import WarehouseError
from warehouse.read.content import InputFile
from warehouse.settings import SETTINGS, Settings

# Numbered migrations: append, never edit. Each is a list of statements.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE _warehouse.files (
            name VARCHAR PRIMARY KEY, input VARCHAR, source VARCHAR, method VARCHAR, bytes BIGINT,
            mtime_ns BIGINT, ctime_ns BIGINT, inode UBIGINT, checked_ns BIGINT, hash VARCHAR,
            status VARCHAR, note VARCHAR, records BIGINT)""",
        """CREATE TABLE _warehouse.nodes (
            node VARCHAR PRIMARY KEY, kind VARCHAR, version INTEGER, key VARCHAR, logic VARCHAR,
            result VARCHAR, rows BIGINT, seconds DOUBLE, build_id VARCHAR, parents VARCHAR,
            settings VARCHAR)""",
        """CREATE TABLE _warehouse.builds (
            build_id VARCHAR PRIMARY KEY, started TIMESTAMP, finished TIMESTAMP, version VARCHAR,
            engine VARCHAR, settings VARCHAR)""",
        """CREATE TABLE _warehouse.build_nodes (
            build_id VARCHAR, node VARCHAR, action VARCHAR, reason VARCHAR, version INTEGER,
            key VARCHAR, result VARCHAR, rows BIGINT, seconds DOUBLE)""",
    ),
    (
        """CREATE TABLE _warehouse.build_inputs (
            build_id VARCHAR, input VARCHAR, files BIGINT, bytes BIGINT, records BIGINT,
            hash VARCHAR)""",
    ),
    ("ALTER TABLE _warehouse.nodes RENAME COLUMN logic TO fingerprint",),
    ("ALTER TABLE _warehouse.nodes ADD COLUMN place VARCHAR DEFAULT ''",),
)


FILE_COLUMNS = (
    "name", "input", "source", "method", "bytes", "mtime_ns", "ctime_ns", "inode", "checked_ns",
    "hash", "status", "note", "records",
)  # fmt: skip


@dataclass(frozen=True)
class NodeState:
    """What is known of a node's last run. `fingerprint`: its key without its parents' results.

    `place`: the directory that its relation names, '' where it names none.
    """

    node: str
    kind: str
    version: int
    key: str
    fingerprint: str
    result: str
    rows: int
    seconds: float
    build_id: str
    parents: Mapping[str, str]
    settings: Mapping[str, object]
    place: str = ""


@dataclass(frozen=True)
class State:
    """All that a plan needs to know of the published warehouse.

    `storage`: the oldest DuckDB that opens the file, as the setting storage_version has it.
    """

    nodes: Mapping[str, NodeState]
    files: Mapping[str, InputFile]
    build_id: str = ""
    storage: str = ""


EMPTY = State({}, {})


@dataclass(frozen=True)
class Published:
    """The build that made what is published; `values`: its settings as recorded."""

    build_id: str
    finished: datetime.datetime
    values: Mapping[str, object]

    def settings(self, data: Path) -> Settings:
        """Its settings; one that is newer than the build has its default."""
        return Settings(data, {s.name: s.default for s in SETTINGS} | dict(self.values))


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the state schema to this program's version; refuse a newer one."""
    run(connection, "CREATE SCHEMA IF NOT EXISTS _warehouse")
    run(connection, "CREATE TABLE IF NOT EXISTS _warehouse.migrations (number INTEGER PRIMARY KEY)")
    done = run(connection, "SELECT coalesce(max(number), 0) FROM _warehouse.migrations")[0][0]
    if done > len(MIGRATIONS):
        raise WarehouseError(
            f"the warehouse file was written by a newer program (state version {done})",
            "update this program, or build into another data directory",
        )
    for number, statements in enumerate(MIGRATIONS[done:], done + 1):
        for statement in statements:
            run(connection, statement)
        run(connection, "INSERT INTO _warehouse.migrations VALUES (?)", [number])


def read_state(warehouse: Path) -> State:
    """The state in a published warehouse file; EMPTY when there is none. Creates nothing."""
    if not warehouse.exists():
        return EMPTY
    with open_read_only(warehouse, unsafe=True) as connection:
        if not run(connection, "SELECT 1 FROM duckdb_schemas() WHERE schema_name = '_warehouse'"):
            raise WarehouseError(
                f'"{warehouse}" is a DuckDB file that this program did not write',
                "move it away, then build again",
            )
        nodes = {
            row[0]: NodeState(*row[:9], json.loads(row[9]), json.loads(row[10]), *row[11:])
            for row in run(connection, "SELECT * FROM _warehouse.nodes")
        }
        files = {  # known by name, times and hash: paths would cost more than all the rest
            row[0]: InputFile(row[0], "", *row[1:12])
            for row in run(connection, "SELECT * FROM _warehouse.files")
        }
        last = run(connection, "SELECT max_by(build_id, started) FROM _warehouse.builds")[0][0]
        [(tags,)] = run(
            connection,
            "SELECT tags FROM duckdb_databases() WHERE database_name = current_database()",
        )
    return State(nodes, files, last or "", str(tags["storage_version"]).rstrip("+"))


def published(connection: duckdb.DuckDBPyConnection) -> Published:
    """The last build of an opened warehouse, whatever the settings file says now."""
    rows = run(
        connection,
        "SELECT build_id, finished, settings FROM _warehouse.builds ORDER BY started DESC LIMIT 1",
    )
    return Published(rows[0][0], rows[0][1], json.loads(rows[0][2]))
