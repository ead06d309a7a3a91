"""The published warehouse, held open for a server and opened anew when a build has replaced it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from warehouse.database import lacking, open_read_only, run, second
from warehouse.errors import WarehouseError, first_line
from warehouse.explore.queries import Queries, Query
from warehouse.explore.view import Catalog
from warehouse.layout import Layout
from warehouse.look.features import OVERVIEW, filter_overview
from warehouse.plan.state import published

_PATIENCE = 30.0  # seconds that a statement may take


@dataclass(frozen=True)
class Opened:
    """One published build: a connection of one reader, and what views can name."""

    connection: duckdb.DuckDBPyConnection
    build_id: str
    catalog: Catalog
    window: tuple[int, str]
    data: Path

    @property
    def queries(self) -> Queries:
        return Queries(self.catalog, self._conditioned, self.window)

    def _conditioned(self, where: str) -> str:
        """SQL of the features for which a user's condition holds; UsageError when it is none."""
        return filter_overview(self.connection, self.data, where).sql_query()

    def execute(self, query: Query) -> duckdb.DuckDBPyConnection:
        """The statement run, its rows to be fetched. WarehouseError: it failed or took too long."""
        timer = threading.Timer(_PATIENCE, self.connection.interrupt)
        timer.start()
        try:
            return self.connection.execute(query.sql, query.values or None)
        except duckdb.InterruptException:
            raise WarehouseError(
                f"the view took longer than {_PATIENCE:g} s", "filter by less"
            ) from None
        except duckdb.Error as error:
            raise WarehouseError(f"the view failed: {first_line(error)}") from None
        finally:
            timer.cancel()

    def rows(self, query: Query) -> tuple[list[str], list[tuple]]:
        """Column names and rows."""
        done = self.execute(query)
        return [column[0] for column in done.description], done.fetchall()


class Source:
    """The published warehouse of a data directory; its readers may be on many threads.

    A reader keeps the build that it began with; who comes after a new build was published gets that.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._path = Layout(data).warehouse
        self._lock = threading.Lock()
        self._mark: tuple[int, int, int] | None = None
        self._opened: Opened | None = None

    @contextmanager
    def reading(self) -> Iterator[Opened]:
        """What is published now. WarehouseError: nothing is, or it is older than this program."""
        with self._lock:
            mark = self._stamp()
            if mark is None or mark != self._mark:
                self._opened, self._mark = None, None
                self._opened = _described(open_read_only(self._path), self._data)
                self._mark = mark
            opened = self._opened
            cursor = second(opened.connection)  # the connection itself serves one at a time
        with cursor:
            yield replace(opened, connection=cursor)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size


def _described(connection: duckdb.DuckDBPyConnection, data: Path) -> Opened:
    build = published(connection)
    settings = build.settings(data)
    with lacking("a view needs", data):
        types = {row[0]: row[1] for row in run(connection, f"DESCRIBE {OVERVIEW}")}
        has_map = bool(run(connection, "SELECT 1 FROM analysis.feature_projection LIMIT 1"))
    catalog = Catalog(
        types,
        has_map,
        float(settings["patterns.semantic_threshold"]),
        float(settings["patterns.lexical_threshold"]),
    )
    window = (int(settings["windows.embedding_tokens"]), str(settings["windows.edge"]))
    return Opened(connection, build.build_id, catalog, window, data)
