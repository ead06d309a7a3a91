"""`analysis.sampled_vectors` as a stream: the sampled windows' vectors in the order of the features.

The relation's SQL, a `list(vector)` a feature, holds every vector in memory several times: 10 GB at
163,840 features. Here each vector goes once to its place, in one pass over the store; the places are
read back a few features at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from warehouse.database import joins_as_written, run
from warehouse.errors import WarehouseError
from warehouse.sqltext import digest

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

RELATION = "analysis.sampled_vectors"

_READ_ROWS = 2048  # vectors on their way from the store to their places: more leave the cache
_STREAM_VALUES = 1 << 22  # float32 values per batch of the stream: 16 MB
_RUN = 256 << 20  # bytes of vectors per file of places


@dataclass(frozen=True)
class Gathered:
    """One model's vectors by feature.

    `places`: the vectors; `feature_ids` int64 (features), ascending; `starts` int64 (features + 1),
    where a feature's vectors begin; `prompt_ids` int64 (vectors).
    """

    model: str
    places: OrderedVectors
    feature_ids: np.ndarray
    starts: np.ndarray
    prompt_ids: np.ndarray

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The relation's rows, in the order of the features."""
        import pyarrow as pa

        schema = stream_schema()
        for first, last in spans(self.starts, _STREAM_VALUES // self.places.dimension):
            start, stop = int(self.starts[first]), int(self.starts[last])
            counts = self.starts[first : last + 1] - start
            yield pa.RecordBatch.from_arrays(
                [
                    pa.array([self.model] * (last - first)),
                    pa.array(self.feature_ids[first:last]),
                    list_array(pa.array(self.prompt_ids[start:stop]), counts),
                    list_array(vector_array(self.places.read(start, stop)), counts),
                ],
                schema=schema,
            )


@dataclass
class SampledVectors:
    """What one build gathers, in `directory`; each model once, when it is first asked for."""

    directory: Path
    _gathered: dict[str, Gathered] = field(default_factory=dict)

    def of(self, connection: duckdb.DuckDBPyConnection, model: str) -> Gathered:
        """One model's vectors by feature."""
        if model not in self._gathered:
            path = self.directory / f"sampled-{digest(model)}.f32"
            self._gathered[model] = collect_vectors(connection, model, path)
        return self._gathered[model]

    def default(self, connection: duckdb.DuckDBPyConnection) -> Gathered:
        """The default model's vectors by feature."""
        [(model,)] = run(connection, "SELECT model FROM staging.embedding_models WHERE is_default")
        return self.of(connection, model)

    def stream(
        self, connection: duckdb.DuckDBPyConnection, models: list[str]
    ) -> pa.RecordBatchReader:
        """The relation's rows of these models, to be read once."""
        import pyarrow as pa

        gathered = [self.of(connection, model) for model in models]
        return pa.RecordBatchReader.from_batches(
            stream_schema(), (batch for one in gathered for batch in one.batches())
        )


def collect_vectors(connection: duckdb.DuckDBPyConnection, model: str, path: Path) -> Gathered:
    """The vectors of `texts.windows`, by (feature_id, sample_order), in files `path`.0 and so on."""
    import numpy as np

    run(
        connection,
        """CREATE OR REPLACE TEMP TABLE _places AS
        SELECT
            row_number() OVER (ORDER BY feature_id, sample_order) - 1 AS place,
            feature_id, prompt_id, text_key
        FROM texts.windows""",
    )
    places = connection.sql("SELECT feature_id, prompt_id FROM _places ORDER BY place").fetchnumpy()
    feature_ids, starts = np.unique(places["feature_id"], return_index=True)
    rows = len(places["feature_id"])
    filled, held = 0, OrderedVectors(path, 0, 1)
    with joins_as_written(connection), ExitStack() as opened:
        found = connection.sql(
            """SELECT p.place, v.vector
            FROM vectors.windows v JOIN _places p ON p.text_key = v.text_key
            WHERE v.model = ?""",
            params=[model],
        ).to_arrow_reader(_READ_ROWS)
        opened.enter_context(found)
        for batch in found:
            if not batch.num_rows:
                continue
            vectors = batch.column(1).flatten().to_numpy().reshape(batch.num_rows, -1)
            if not filled:
                held = opened.enter_context(closing(OrderedVectors(path, rows, vectors.shape[1])))
            held.put(batch.column(0).to_numpy(), vectors)
            filled += batch.num_rows
    run(connection, "DROP TABLE _places")
    if filled < rows:
        raise WarehouseError(
            f'{rows - filled} of {rows} sampled windows have no vector of "{model}"',
            "python cli.py build --full",
        )
    return Gathered(model, held, feature_ids, np.append(starts, rows), places["prompt_id"])


def spans(starts: np.ndarray, rows: int, features: int = 1 << 30) -> Iterator[tuple[int, int]]:
    """Runs (first, last) of features with together at most `rows` rows, but one at the least."""
    import numpy as np

    first, count = 0, len(starts) - 1
    while first < count:
        last = int(np.searchsorted(starts, starts[first] + rows, "right")) - 1
        last = min(max(last, first + 1), first + features, count)
        yield first, last
        first = last


def stream_schema() -> pa.Schema:
    """The relation's columns."""
    import pyarrow as pa

    return pa.schema(
        [
            ("model", pa.string()),
            ("feature_id", pa.int64()),
            ("prompt_ids", pa.list_(pa.int64())),
            ("vectors", pa.list_(pa.list_(pa.float32()))),
        ]
    )


def vector_array(vectors: np.ndarray) -> pa.ListArray:
    """(rows, dimension) numbers as `rows` lists, without a copy."""
    import numpy as np
    import pyarrow as pa

    rows, dimension = vectors.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(dimension)
    values = pa.Array.from_buffers(
        pa.from_numpy_dtype(vectors.dtype), vectors.size, [None, pa.py_buffer(vectors)]
    )
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def list_array(values: pa.Array, offsets: np.ndarray) -> pa.ListArray:
    """`values` cut into lists at `offsets`."""
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(offsets.astype("int32")), values)


class OrderedVectors:
    """Float32 vectors at places from 0: first all are put, then they are closed, then read.

    Vectors come in the order of the store and are read in the order of their places. Put one by one
    into a large file they would change its pages over and over, all across the disk; so each is
    added to the file of its run of places, which is small enough to be read in any order.
    Files `path`.0 and so on hold a run of places each, their vectors as they came; an index says
    where each is.
    """

    def __init__(self, path: Path, rows: int, dimension: int) -> None:
        import numpy as np

        self.dimension = dimension
        self._run = max(_RUN // (4 * dimension), 1)  # places per file
        self._at = np.empty(rows, np.int64)  # row of its file, by place
        count = -(-rows // self._run)
        self._rows = np.zeros(count, np.int64)  # of each file so far
        self._paths = [path.with_name(f"{path.name}.{n}") for n in range(count)]
        with ExitStack() as opened:
            self._files = [opened.enter_context(file.open("wb")) for file in self._paths]
            self._opened = opened.pop_all()

    def put(self, places: np.ndarray, vectors: np.ndarray) -> None:
        """Put vectors (n, dimension) to their places (n,)."""
        import numpy as np

        order = np.argsort(places)
        places, vectors = places[order], vectors[order]
        cuts = np.searchsorted(places, np.arange(len(self._files) + 1) * self._run)
        for n in np.flatnonzero(np.diff(cuts)):
            first, last = cuts[n], cuts[n + 1]
            self._at[places[first:last]] = np.arange(last - first) + self._rows[n]
            self._rows[n] += last - first
            self._files[n].write(vectors[first:last].view(np.uint8))

    def close(self) -> None:
        """All vectors were put; each place has one."""
        self._opened.close()

    def read(self, start: int, stop: int) -> np.ndarray:
        """The vectors at start..stop, (stop - start, dimension); any thread may ask."""
        import numpy as np

        found = np.empty((stop - start, self.dimension), np.float32)
        for n in range(start // self._run, -(-stop // self._run)):
            first, last = max(start, n * self._run), min(stop, (n + 1) * self._run)
            part = found[first - start : last - start]
            np.take(self._map(n), self._at[first:last], 0, part, "clip")  # "raise" would copy twice
        return found

    def _map(self, n: int) -> np.ndarray:
        """A file's vectors. Mapped anew for each read: what was read stops counting as memory."""
        import numpy as np

        with self._paths[n].open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)  # all of it, in order
            shape = (int(self._rows[n]), self.dimension)
            return np.memmap(file, np.float32, "r", shape=shape)
