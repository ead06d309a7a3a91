"""Where gathered vectors stand by their place: in memory, or in a file.

Vectors come in the order of the store and are read in the order of their places. Put one by one
into a large file they would change its pages over and over, all across the disk; so each goes to the
file of its bucket first, a run of places, and the buckets are put in order one by one.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np

_BUCKET = 256 << 20  # bytes of vectors that are put in order at once


class Places(Protocol):
    """Float32 vectors at places from 0: first all are put, then they are closed, then read."""

    nbytes: int  # of memory that is held for good

    def put(self, places: np.ndarray, vectors: np.ndarray) -> None:
        """Put vectors (n, dimension) to their places (n,)."""

    def close(self) -> None:
        """All vectors were put; each place has one."""

    def read(self, start: int, stop: int) -> np.ndarray:
        """The vectors at start..stop, (stop - start, dimension); any thread may ask."""


class InMemory:
    """One array."""

    def __init__(self, rows: int, dimension: int) -> None:
        import numpy as np

        self._vectors = np.empty((rows, dimension), np.float32)
        self.nbytes = self._vectors.nbytes

    def put(self, places: np.ndarray, vectors: np.ndarray) -> None:
        self._vectors[places] = vectors

    def close(self) -> None:
        pass

    def read(self, start: int, stop: int) -> np.ndarray:
        return self._vectors[start:stop]


class InFile:
    """A file; while vectors are put, a file of (place, vector) for each run of places."""

    nbytes = 0

    def __init__(self, path: Path, rows: int, dimension: int) -> None:
        import numpy as np

        self._path, self._shape = path, (rows, dimension)
        self._record = np.dtype([("place", np.int64), ("vector", np.float32, (dimension,))])
        self._size = max(_BUCKET // (4 * dimension), 1)  # places a bucket
        buckets = [path.with_name(f"{path.name}.{n}") for n in range(-(-rows // self._size))]
        self._opened = ExitStack()
        self._files = [self._opened.enter_context(bucket.open("wb")) for bucket in buckets]

    def put(self, places: np.ndarray, vectors: np.ndarray) -> None:
        import numpy as np

        order = np.argsort(places)
        records = np.empty(len(places), self._record)
        records["place"], records["vector"] = places[order], vectors[order]
        edges = np.arange(len(self._files) + 1) * self._size
        cuts = np.searchsorted(records["place"], edges)
        for bucket in np.flatnonzero(np.diff(cuts)):
            part = records[cuts[bucket] : cuts[bucket + 1]]
            self._files[bucket].write(part.view(np.uint8))

    def close(self) -> None:
        """Put the buckets in order, one after the other through the same memory."""
        import numpy as np

        self._opened.close()
        rows, dimension = self._shape
        ordered = np.empty((min(self._size, rows), dimension), np.float32)
        with self._path.open("wb") as file:
            for low, bucket in zip(range(0, rows, self._size), self._files, strict=True):
                path = Path(bucket.name)
                records = np.memmap(path, self._record, "r")
                ordered[records["place"] - low] = records["vector"]
                file.write(ordered[: len(records)].view(np.uint8))
                path.unlink()  # what the disk has not got yet of it, it never gets

    def read(self, start: int, stop: int) -> np.ndarray:
        import numpy as np

        if start == stop:
            return np.empty((0, self._shape[1]), np.float32)
        # Opened anew: pages that were read stop counting as this process's memory.
        return np.memmap(self._path, np.float32, "r", shape=self._shape)[start:stop]
