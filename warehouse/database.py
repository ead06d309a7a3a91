"""Opening DuckDB files the way this program works with them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from warehouse.errors import UsageError, WarehouseError, first_line
from warehouse.settings import Settings
from warehouse.sqltext import identifier, literal

_NAME = "warehouse"  # what DuckDB calls a file opened as warehouse.duckdb
# Threads share a scan by row groups: of the usual 122,880 rows most tables would have one or two.
_ROW_GROUP = 20_480


def open_for_build(path: Path | None, spill: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """A read-write connection with the settings' bounds; without a path in memory.

    A new file gets the settings' storage version; DuckDB refuses a file of a newer one.
    """
    config: dict[str, object] = {}
    if settings["memory_limit"]:
        config["memory_limit"] = settings["memory_limit"]
    if settings["threads"]:
        config["threads"] = settings["threads"]
    try:
        connection = duckdb.connect(":memory:", config=config)
    except duckdb.Error as error:
        raise UsageError(
            f'DuckDB refuses memory_limit = "{settings["memory_limit"]}" or threads = '
            f"{settings['threads']}: {first_line(error)}",
            'e.g. memory_limit = "4GB", threads = 2',
        ) from None
    if path is not None:
        try:
            # An absolute path: DuckDB takes "md:x" for something else than a file.
            run(connection, f"ATTACH {literal(str(path.absolute()))} AS {_NAME} (ROW_GROUP_SIZE {_ROW_GROUP}, STORAGE_VERSION {literal(settings['storage_version'])}, RECOVERY_MODE no_wal_writes)")  # fmt: skip
            run(connection, f"USE {_NAME}")
        except duckdb.Error as error:
            raise WarehouseError(f'"{path}" cannot be opened: {first_line(error)}', "check disk space and permissions") from None  # fmt: skip
    directory = settings["temp_directory"] or str(spill)
    run(connection, f"SET temp_directory = {literal(directory)}")
    run(connection, "SET enable_progress_bar = false")
    return connection


def rewrite(source: Path, target: Path, spill: Path, settings: Settings) -> None:
    """Write all that a warehouse file holds into a new one, of the settings' storage version."""
    with open_for_build(target, spill, settings) as connection:
        run(connection, f"ATTACH {literal(str(source.absolute()))} AS former (READ_ONLY)")
        run(connection, f"COPY FROM DATABASE former TO {_NAME}")
        run(connection, "CHECKPOINT")


def second(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to the same open file, for another thread."""
    [(name,)] = run(connection, "SELECT current_database()")
    other = connection.cursor()
    run(other, f"USE {identifier(name)}")
    return other


@contextlib.contextmanager
def joins_as_written(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep the right side of each join in memory, whatever DuckDB guesses of a stream's size.

    It takes a stream for small, and would hold all of it to let a few rows pass by. The setting is
    every connection's to the file: one thread uses this, and not one inside another.
    """
    run(connection, "SET disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        yield
    finally:
        run(connection, "RESET disabled_optimizers")


def open_read_only(
    path: Path, readable: Sequence[Path] = (), unsafe: bool = False, memory: str = ""
) -> duckdb.DuckDBPyConnection:
    """A read-only connection to a published warehouse.

    Unless `unsafe`, SQL on it can read no other file than those under `readable`, attach
    no database, load no extension and change no setting. `memory` bounds what DuckDB may take, as
    its setting memory_limit says it: "4GB", "50%".
    """
    if not path.exists():
        raise WarehouseError(f'"{path}" does not exist', "python cli.py build")
    try:
        connection = duckdb.connect(str(path.absolute()), read_only=True)
    except duckdb.Error as error:
        raise WarehouseError(f'"{path}" cannot be opened: {first_line(error)}') from None
    if memory:
        run(connection, f"SET memory_limit = {literal(memory)}")
    if not unsafe:
        if readable:
            places = [str(place.resolve()) for place in readable]
            run(connection, f"SET allowed_directories = {literal(places)}")
        _shut(connection)
    return connection


def open_apart(path: Path, unsafe: bool = False) -> duckdb.DuckDBPyConnection:
    """As `open_read_only`, in an instance of its own: what else this process opens is not in its way.

    DuckDB knows an open file by its path: opened as usual, a path whose file was replaced gives the
    old file again for as long as somebody reads that. Cursors need `USE warehouse`.
    """
    if not path.exists():
        raise WarehouseError(f'"{path}" does not exist', "python cli.py build")
    connection = duckdb.connect(":memory:")
    try:
        run(connection, f"ATTACH {literal(str(path.absolute()))} AS {_NAME} (READ_ONLY)")
    except duckdb.Error as error:
        raise WarehouseError(f'"{path}" cannot be opened: {first_line(error)}') from None
    run(connection, f"USE {_NAME}")
    if not unsafe:
        _shut(connection)
    return connection


def _shut(connection: duckdb.DuckDBPyConnection) -> None:
    """No file, no other database, no extension, no setting from here on."""
    run(connection, "SET enable_external_access = false")
    run(connection, "SET lock_configuration = true")


def run(connection: duckdb.DuckDBPyConnection, sql: str, parameters: object = None) -> list[tuple]:
    """Execute one statement to its end and return its rows."""
    try:
        return connection.execute(sql, parameters).fetchall()
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # what DuckDB makes of a Ctrl-C while it waits
            raise KeyboardInterrupt from None
        raise
