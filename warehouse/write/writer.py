"""Writing files into a directory, two at a time, beside what a build still makes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

import duckdb

from warehouse.database import second
from warehouse.models.model import Model
from warehouse.settings import Settings
from warehouse.write.gather import SampledVectors
from warehouse.write.kinds import Work, kind_of
from warehouse.write.parquet import Origin
from warehouse.write.room import assert_room
from warehouse.write.targets import Exported, count_rows

_AT_ONCE = 2  # the largest are written by one thread each

OnDone = Callable[[Model, Sequence[Exported], float], None]


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
    files: list[Exported] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)  # of the models whose files are written
    _running: dict[Future[tuple[list[Exported], float]], Model] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._masters = self.directory / "master"
        self._masters.mkdir(parents=True)
        self._sizes: dict[str, int] = {}  # of models, as estimated
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
        # Again and again: an interrupt that finds no statement running is forgotten.
        while running := [f for f in self._running if not f.done()]:
            for connection in self._connections:
                connection.interrupt()
            wait(running, timeout=0.1)
        for connection in self._connections:
            connection.close()

    def start(self, models: Sequence[Model], results: Mapping[str, str]) -> None:
        """Begin to write these models' files, `results` being the results of their nodes.

        WarehouseError when the disk has no room for them beside those that are being written.
        """
        # Counted once, and now: later a view may stand for a stream, which a build reads.
        counted = {model.name: count_rows(self.connection, model) for model in models}
        self._assert_room(models, counted)
        for model in models:
            started = time.monotonic()
            kind = kind_of(model)
            kind.prepare(self.connection, model, self.sampled)
            key = kind.key(model, results, self.settings)
            self.keys[model.name] = key
            origin = Origin(key, counted[model.name], self.build_id, self.settings)
            self._running[self._pool.submit(self._write, model, origin, started)] = model

    def _assert_room(self, models: Sequence[Model], counted: Mapping[str, int]) -> None:
        published, settings = self.settings.data, self.settings
        for model in models:
            rows = counted[model.name]
            size = kind_of(model).size(self.connection, model, rows, published, settings)
            self._sizes[model.name] = size
        running = {model.name for model in (*self._running.values(), *models)}
        needed = sum(size for name, size in self._sizes.items() if name in running)
        done = {file.path for file in self.files}
        begun = [p for p in self.directory.rglob("*.parquet") if p not in done]
        assert_room(needed - sum(path.stat().st_size for path in begun), self._masters)

    def collect(self, everything: bool = False) -> None:
        """Take in what is finished, or wait for everything; raises what went wrong."""
        while self._running:
            done = [f for f in self._running if f.done()]
            if not done and not everything:
                return
            for future in done or wait(self._running, return_when="FIRST_COMPLETED").done:
                model = self._running.pop(future)
                files, seconds = future.result()
                self.files += files
                self.on_done(model, files, seconds)

    def _write(self, model: Model, origin: Origin, started: float) -> tuple[list[Exported], float]:
        connection = self._idle.get()
        try:
            work = Work(connection, model, self.directory, origin, self.sampled, self._stop)
            files = kind_of(model).write(work)
        finally:
            self._idle.put(connection)
        return files, time.monotonic() - started
