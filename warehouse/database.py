"""Opening DuckDB files the way this program works with them."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from warehouse.errors import UsageError, WarehouseError, first_line
from warehouse.settings import Settings
from warehouse.sqltext import identifier, literal

# A variable of each connection: the data directory, from which views find the vectors. In a plain
# shell, where it is not set, they find them where the build left them, or say that it has to be set:
# those of a copy. Of a moved directory DuckDB itself says that a file is gone, because it looks for the
# files of a view when it reads its SQL, and nothing can be asked there but variables and settings.
DATA = "warehouse_data"
_MOVED = (
    "this data directory was moved or copied since its last build; say where it is now: "
    f"SET VARIABLE {DATA} = '/path/to/data'; or build it: python cli.py build"
)
_NAME = "warehouse"  # what DuckDB calls a file opened as warehouse.duckdb
# Threads share a scan by row groups: of the usual 122,880 rows most tables would have one or two.
_ROW_GROUP = 20_480


@contextlib.contextmanager
def failing_as(
    message: str, hint: str = "", kinds: tuple[type[duckdb.Error], ...] = (duckdb.Error,)
) -> Iterator[None]:
    """Turn an error of DuckDB into a WarehouseError: `message` and what DuckDB says first.

    A lack of memory has a message of its own, and an interruption is a Ctrl-C. `kinds`: the errors
    that are meant; others pass.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except duckdb.OutOfMemoryException as error:
        raise WarehouseError(
            f"DuckDB ran out of memory: {first_line(error)}",
            "raise memory_limit, or give temp_directory more disk",
        ) from None
    except kinds as error:
        raise WarehouseError(f"{message}: {first_line(error)}", hint) from None


def lacking(what: str, data: Path) -> contextlib.AbstractContextManager[None]:
    """A warehouse of another version may lack `what`, which is read here; the hint is to build."""
    hint = f"python cli.py --data {shlex.quote(str(data))} build"
    kinds = (duckdb.CatalogException, duckdb.BinderException)  # a relation, a column
    return failing_as(f"the warehouse lacks what {what}", hint, kinds)


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
        # An absolute path: DuckDB takes "md:x" for something else than a file.
        version = literal(settings["storage_version"])
        options = (
            f"ROW_GROUP_SIZE {_ROW_GROUP}, STORAGE_VERSION {version}, RECOVERY_MODE no_wal_writes"
        )
        with failing_as(f'"{path}" cannot be opened', "check disk space and permissions"):
            run(connection, f"ATTACH {literal(str(path.absolute()))} AS {_NAME} ({options})")
            run(connection, f"USE {_NAME}")
    tell_data(connection, settings.data)
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
    [(name, data)] = run(connection, f"SELECT current_database(), getvariable('{DATA}')")
    other = connection.cursor()
    run(other, f"USE {identifier(name)}")
    if data is not None:
        run(other, f"SET VARIABLE {DATA} = {literal(data)}")
    return other


def tell_data(connection: duckdb.DuckDBPyConnection, data: Path) -> None:
    """Say which data directory the views of this connection read; cursors need it said again."""
    run(connection, f"SET VARIABLE {DATA} = {literal(str(data.resolve()))}")


def in_data(data: Path, path: str) -> str:
    """SQL for the path of a file in the data directory: where that is now, else where it was."""
    return f"{_directory(data)} || {literal(f'/{path}')}"


def all_in_data(data: Path, paths: Sequence[str]) -> str:
    """SQL for the list of such paths: one expression, where DuckDB would fold one for each file."""
    return f"list_transform({literal([f'/{p}' for p in paths])}, lambda p: {_directory(data)} || p)"


def _directory(data: Path) -> str:
    return f"coalesce(getvariable('{DATA}'), {literal(str(data.resolve()))})"


def is_in_place(data: Path) -> str:
    """SQL that is true where it is known which data directory is read, else an error.

    Without it a copy would read the files of the original.
    """
    places = {str(place / "warehouse.duckdb") for place in (data.absolute(), data.resolve())}
    # With EXISTS in place of the count a tenth is added to one feature's vectors (42.9 and 38.9 ms).
    return f"""CASE WHEN getvariable('{DATA}') IS NOT NULL
        OR (SELECT count(*) FROM duckdb_databases() WHERE path IN ({", ".join(map(literal, sorted(places)))})) > 0
        THEN true ELSE error({literal(_MOVED)}) END"""


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

    It has an instance of its own. DuckDB knows an open file by its path: a path whose file was
    replaced would give the old file for as long as somebody in this process reads that, and settings
    would be those of everybody who reads it. `second` makes cursors of it.
    """
    connection = duckdb.connect(":memory:")
    with _opening(path):
        run(connection, f"ATTACH {literal(str(path.absolute()))} AS {_NAME} (READ_ONLY)")
    run(connection, f"USE {_NAME}")
    tell_data(connection, path.parent)
    if memory:
        run(connection, f"SET memory_limit = {literal(memory)}")
    if not unsafe:
        if readable:
            # Views go through a link that is called vectors; DuckDB does not.
            both = [(place.parent.resolve() / place.name, place.resolve()) for place in readable]
            places = [str(place) for pair in both for place in pair]
            run(connection, f"SET allowed_directories = {literal(places)}")
        _shut(connection)
    return connection


@contextlib.contextmanager
def _opening(path: Path) -> Iterator[None]:
    if not path.exists():
        raise WarehouseError(f'"{path}" does not exist', "python cli.py build")
    hint = "close the program that holds it open for writing; if the file is broken, remove it and build again"
    with failing_as(f'"{path}" cannot be opened', hint):
        yield


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
