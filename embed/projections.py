"""Maps: vectors to points of a plane by UMAP, and Ward clusters at several numbers.

The neighbours are computed here, exactly, and handed to UMAP: faster than its own search on wide
vectors (no PCA is needed), and the same for the same seed.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from embed.nearest import nearest_rows
from warehouse.errors import UsageError, WarehouseError

if TYPE_CHECKING:
    import numpy as np
    import torch

# What decides a map besides vectors and settings.
LIBRARIES = ("umap-learn", "numba", "scipy")
POINTS = "points"
_FEWEST = 4  # UMAP's first layout needs so many; fewer are placed in a row
_BLOCK = 1024  # rows of a block of distances


def libraries() -> list[str]:
    """The libraries that decide a map, with their versions; imports none of them.

    UsageError when the extra is not installed.
    """
    try:
        return [f"{name} {version(name)}" for name in LIBRARIES]
    except PackageNotFoundError:
        raise UsageError(
            'setting "projections.enabled" is true, but umap-learn is not installed',
            "pip install -e '.[projections]'",
        ) from None


def project(
    vectors: torch.Tensor,
    neighbours: int,
    min_dist: float,
    seed: int,
    device: str = "cpu",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> np.ndarray:
    """Points float32 (n, 2) of `vectors` float32 (n, d), by cosine distance.

    As in UMAP's own counting a point is the first of its `neighbours`; with fewer points all are
    taken. `progress(done, total)` counts epochs. WarehouseError: UMAP gave points that are none.
    """
    import numpy as np

    count = len(vectors)
    if count < _FEWEST:
        return np.stack([np.arange(count), np.zeros(count)], axis=1).astype(np.float32)
    wide = min(neighbours, count - 1)
    ids, similarities = nearest_rows(vectors, wide - 1, device)
    own = np.arange(count)[:, None]
    near = np.concatenate([own, ids.numpy()], axis=1).astype(np.int32)
    distances = np.concatenate([np.zeros_like(own), 1 - similarities.numpy()], axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about what is meant so: one thread, no later points
        import umap

        points = umap.UMAP(
            n_neighbors=wide,
            min_dist=min_dist,
            metric="cosine",
            random_state=seed,
            n_jobs=1,
            precomputed_knn=(near, distances.clip(0).astype(np.float32)),
            # Opposite vectors are far apart, not outside the map.
            disconnection_distance=np.inf,
            tqdm_kwds={
                "disable": False,
                "file": _Counter(progress),
                "bar_format": "{n}/{total}",
                "mininterval": 0.5,
            },
        ).fit_transform(vectors.numpy())
    if not np.isfinite(points).all():
        raise WarehouseError(
            f"UMAP found no place for some of {count} vectors",
            "try another projections.neighbours or projections.seed",
        )
    return points.astype(np.float32)


def ward(
    vectors: torch.Tensor, points: np.ndarray, by: str, numbers: Sequence[int]
) -> dict[int, np.ndarray]:
    """Number of clusters → cluster of each row, int32 (n,); 0 is the largest cluster.

    One tree is cut at every number, so clusters nest. `by`: the distances between the points of
    the map, or between the vectors at unit length. Fewer rows than a number: as many clusters as
    rows. UsageError: the distances (16 bytes per pair) are more than this machine holds.
    """
    import numpy as np
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import pdist

    count = len(points)
    if count < 2:
        return {number: np.zeros(count, np.int32) for number in numbers}
    needed = 8 * count * (count - 1)
    if needed > os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"):
        raise UsageError(
            f"Ward clusters of {count:,} rows take {needed / 1e9:,.0f} GB of memory, more than there is",
            "--set projections.enabled=false",
        )
    distances = pdist(points.astype(np.float64)) if by == POINTS else _unit_distances(vectors)
    tree = linkage(distances, "ward")
    return {number: _cut(tree, count, min(number, count)) for number in numbers}


def _unit_distances(vectors: torch.Tensor) -> np.ndarray:
    """Euclidean distances of the rows at unit length, condensed as SciPy's pdist gives them."""
    import numpy as np
    import torch

    count = len(vectors)
    unit = torch.nn.functional.normalize(vectors, dim=1)
    lengths = unit.square().sum(dim=1)
    distances = np.empty(count * (count - 1) // 2)
    at = 0
    for top in range(0, count, _BLOCK):
        rows, right = unit[top : top + _BLOCK], unit[top:]
        squares = lengths[top : top + _BLOCK, None] + lengths[None, top:] - 2 * rows @ right.T
        block = squares.clamp_(min=0).sqrt_().numpy()
        for i, row in enumerate(block):
            distances[at : at + len(row) - i - 1] = row[i + 1 :]
            at += len(row) - i - 1
    return distances


def _cut(tree: np.ndarray, count: int, clusters: int) -> np.ndarray:
    """The rows' clusters after all but the last `clusters` - 1 merges of SciPy's linkage `tree`."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    merges = count - clusters
    made = np.arange(count, count + merges)
    ends = tree[:merges, :2].astype(np.int64)
    edges = (np.ones(2 * merges), (np.tile(made, 2), ends.T.reshape(-1)))
    nodes = count + merges
    _, labels = connected_components(coo_array(edges, shape=(nodes, nodes)), directed=False)
    _, first, own, sizes = np.unique(
        labels[:count], return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -sizes))  # largest first, of equal ones that with the first row
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order))
    return rank[own]


class _Counter:
    """A text stream that reads '20/200' off tqdm's bar and passes it on."""

    def __init__(self, progress: Callable[[int, int], None]) -> None:
        self._progress = progress

    def write(self, text: str) -> int:
        found = re.search(r"(\d+)/(\d+)", text)
        if found:
            self._progress(int(found[1]), int(found[2]))
        return len(text)

    def flush(self) -> None:
        """A stream has one."""
