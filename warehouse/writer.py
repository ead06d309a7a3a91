"""Writing masters and side files into a directory, two at a time, beside what a build still makes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import duckdb

from embed.gather import SampledVectors
from warehouse import export, side
from warehouse.catalog import NodeState
from warehouse.database import second
from warehouse.layout import Layout
from warehouse.models import Model
from warehouse.settings import Settings

_AT_ONCE = 2  # the largest are written by one thread each

OnDone = Callable[[Model, Sequence[export.Exported], float], None]


@dataclass
class Writer:
    """Files of one warehouse file's models; to be used as a context, whose end stops what runs.

    `connection` is used by the caller's thread alone: files are written through others of its file.
    `on_done` is called in the caller's thread: the model, its files and the seconds they took.
    """

    connection: duckdb.DuckDBPyConnection
    directory: Path
    build_id: str
    settings: Settings
    sampled: SampledVectors
    on_done: OnDone = lambda *_: None
    masters: list[export.Exported] = field(default_factory=list)
    side_files: list[export.Exported] = field(default_factory=list)
    _running: dict[Future[tuple[list[export.Exported], float]], Model] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.directory / "master").mkdir(parents=True)
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._connections = [second(self.connection) for _ in range(_AT_ONCE)]
        self._idle: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        for connection in self._connections:
            self._idle.put(connection)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        for connection in self._connections:
            connection.interrupt()
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def start(self, models: Sequence[Model], nodes: Mapping[str, NodeState]) -> None:
        """Begin to write these models' files. WarehouseError when the disk has no room for them."""
        published = Layout(self.settings.data).master
        export.assert_room(
            self.connection, models, self.directory / "master", published, self.settings
        )
        for model in models:
            if model.name == export.EMBEDDINGS:  # gathered here: it changes settings of all threads
                self.sampled.default(self.connection)
            self._running[self._pool.submit(self._write, model, nodes[model.name])] = model

    def collect(self, everything: bool = False) -> None:
        """Take in what is finished, or wait for everything; raises what went wrong."""
        while self._running:
            done = [f for f in self._running if f.done()]
            if not done and not everything:
                return
            for future in done or wait(self._running, return_when="FIRST_COMPLETED").done:
                model = self._running.pop(future)
                files, seconds = future.result()
                (self.side_files if model.schema == "side" else self.masters).extend(files)
                self.on_done(model, files, seconds)

    def _write(self, model: Model, node: NodeState) -> tuple[list[export.Exported], float]:
        started, connection = time.monotonic(), self._idle.get()
        try:
            if model.schema == "side":
                files = side.write(connection, model, node.result, self.directory / "side")
            else:
                files = [self._write_master(connection, model, node)]
        finally:
            self._idle.put(connection)
        return files, time.monotonic() - started

    def _write_master(
        self, connection: duckdb.DuckDBPyConnection, model: Model, node: NodeState
    ) -> export.Exported:
        return export.write(
            connection,
            model,
            self.directory / "master",
            export.Origin(node.result, node.rows, self.build_id, self.settings),
            self.sampled,
            self._stop,
        )
