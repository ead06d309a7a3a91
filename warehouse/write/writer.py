"""Writing masters and side files into a directory, two at a time, beside what a build still makes."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue

import duckdb

from warehouse.database import run, second
from warehouse.errors import WarehouseError
from warehouse.models.model import Model
from warehouse.project import Layout
from warehouse.settings import Settings
from warehouse.write import json_files, matrix, parquet
from warehouse.write.gather import SampledVectors
from warehouse.write.publish import destination
from warehouse.write.targets import (
    EMBEDDINGS,
    Exported,
    count_rows,
    file_columns,
    find_place,
    find_sae,
)

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
    masters: list[Exported] = field(default_factory=list)
    json_files: list[Exported] = field(default_factory=list)
    _running: dict[Future[tuple[list[Exported], float]], Model] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._masters = self.directory / "master"
        self._masters.mkdir(parents=True)
        self._sizes: dict[str, int] = {}  # of masters, as estimated
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
        """Begin to write these models' files, `results` being what their nodes came out as.

        WarehouseError when the disk has no room for them beside those that are being written.
        """
        self._assert_room(models)
        for model in models:
            started = time.monotonic()
            if model.name == EMBEDDINGS:
                # In this thread: gathering changes a setting that all connections share.
                self.sampled.default(self.connection)
            # Counted now: later the view may stand for a stream, which a build reads.
            rows = count_rows(self.connection, model)
            origin = parquet.Origin(results[model.name], rows, self.build_id, self.settings)
            self._running[self._pool.submit(self._write, model, origin, started)] = model

    def _assert_room(self, models: Sequence[Model]) -> None:
        published = Layout(self.settings.data).master
        for model in models:
            if model.is_typed:
                self._sizes[model.name] = estimate(self.connection, model, published, self.settings)
        running = {model.name for model in (*self._running.values(), *models)}
        needed = sum(size for name, size in self._sizes.items() if name in running)
        written = sum(path.stat().st_size for path in self._masters.glob("*.parquet"))
        assert_room(needed - (written - sum(e.bytes for e in self.masters)), self._masters)

    def collect(self, everything: bool = False) -> None:
        """Take in what is finished, or wait for everything; raises what went wrong."""
        while self._running:
            done = [f for f in self._running if f.done()]
            if not done and not everything:
                return
            for future in done or wait(self._running, return_when="FIRST_COMPLETED").done:
                model = self._running.pop(future)
                files, seconds = future.result()
                (self.json_files if model.schema == "side" else self.masters).extend(files)
                self.on_done(model, files, seconds)

    def _write(
        self, model: Model, origin: parquet.Origin, started: float
    ) -> tuple[list[Exported], float]:
        connection = self._idle.get()
        try:
            if model.schema == "side":
                files = json_files.write(connection, model, origin.result, self.directory / "side")
            else:
                files = [self._write_typed(connection, model, origin)]
        finally:
            self._idle.put(connection)
        return files, time.monotonic() - started

    def _write_typed(
        self, connection: duckdb.DuckDBPyConnection, model: Model, origin: parquet.Origin
    ) -> Exported:
        """Write a parquet or a matrix at its place below the directory; none of no rows outside
        of the masters' directory."""
        place = find_place(model, find_sae(connection))
        path = self.directory / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if model.file and not origin.rows:
            return Exported(path.name, path, 0, 0, place)
        if path.suffix == ".npy":
            written = matrix.write(connection, model, path, origin)
        else:
            written = parquet.write(
                connection, model, path.parent, origin, self.sampled, self._stop
            )
        return replace(written, place=place)


# How many vectors a file holds, and of which length.
_VECTORS = {
    EMBEDDINGS: "SELECT count(*), (SELECT len(vector) FROM vectors.windows LIMIT 1) FROM analysis.samples",
    "master.explanation_embeddings": "SELECT count(*), any_value(len(embedding)) FROM master.explanation_embeddings",
}

# Measured: a number of a vector, and a row without vectors (activation_examples, which counts).
_FLOAT_BYTES, _ROW_BYTES = 3.75, 200


def assert_room(needed: int, target: Path) -> None:
    """WarehouseError when so many bytes of masters would not fit on the disk of `target`."""
    free = shutil.disk_usage(target).free
    if needed > free:
        raise WarehouseError(
            f'the parquet files need about {needed / 1e6:,.0f} MB, and "{target}" has {free / 1e6:,.0f} MB free',
            "check disk space; --set export.embeddings=int8 makes the largest file 4 times smaller, "
            "build --no-export leaves the files out",
        )


def estimate(
    connection: duckdb.DuckDBPyConnection, model: Model, published: Path, settings: Settings
) -> int:
    """About how many bytes a master's file will have.

    Vectors hardly compress, so they count as they are; other rows as in the file of before, if
    there is one, else as measured on trees of 16,384 features.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    vectors = _VECTORS.get(model.name)
    if vectors:
        count, width = run(connection, vectors)[0]
        each = 1 if file_columns(model, settings) != model.columns else _FLOAT_BYTES
        return int(count * (width or 0) * each)
    before = destination(find_place(model, find_sae(connection)), published, published.parent)
    try:
        each = before.stat().st_size / max(pq.read_metadata(before).num_rows, 1)
    except (OSError, pa.ArrowInvalid):
        each = _ROW_BYTES
    return int(count_rows(connection, model) * each)
