"""Files in which gathered vectors stand by their place.

Vectors come in the order of the store and are read in the order of their places. Put one by one
into a large file they would change its pages over and over, all across the disk; so each is added
to the file of its run of places, which is small enough to be read in any order.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_RUN = 256 << 20  # bytes of vectors a file


class Places:
    """Float32 vectors at places from 0: first all are put, then they are closed, then read.

    Files `path`.0 and so on hold a run of places each, their vectors as they came; an index says
    where each stands.
    """

    def __init__(self, path: Path, rows: int, dimension: int) -> None:
        import numpy as np

        self.dimension = dimension
        self._run = max(_RUN // (4 * dimension), 1)  # places a file
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
