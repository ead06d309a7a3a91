"""SPEC-NEXT.md, section 4: the decoder tree, its first merges, and the column of features."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.independent import recompute as rc

Neighbours = dict[int, list[tuple[int, float]]]


def condensed_distances(features: list[int], neighbours: Neighbours) -> np.ndarray:
    """NEXT 4: pairs i < j in row order, float64; 1 − cosine as Float32 between neighbours, else 1.

    `features` ascend, so of two that name each other the row of the larger id is written last.
    """
    count = len(features)
    place = {feature: i for i, feature in enumerate(features)}
    distances = np.ones(count * (count - 1) // 2)
    for feature in features:
        for other, similarity in neighbours[feature]:
            if other in place:
                i, j = sorted((place[feature], place[other]))
                distances[count * i - i * (i + 1) // 2 + j - i - 1] = np.float32(1 - similarity)
    return distances


def linkage_of(features: list[int], neighbours: Neighbours) -> np.ndarray | None:
    """NEXT 4: scipy's average linkage, (n − 1, 4) float64; None for fewer than 2 features."""
    from scipy.cluster.hierarchy import linkage

    if len(features) < 2:
        return None
    return linkage(condensed_distances(features, neighbours), "average")


def first_merges(tree: np.ndarray | None, count: int) -> list[float | None]:
    """NEXT 4 'first_merge_distance': per leaf the distance of the one row that names it."""
    merges: list[float | None] = [None] * count
    for left, right, distance, _ in () if tree is None else tree.tolist():
        for node in (int(left), int(right)):
            if node < count:
                merges[node] = rc.f32(distance)
    return merges


def similarity_threshold(merge: float | None) -> float | None:
    """NEXT 4 features, last column: 1 − first_merge_distance, the Float32 widened."""
    return None if merge is None else 1.0 - merge


def written_neighbours(rows: list[rc.Row]) -> Neighbours:
    """The neighbours that features.parquet names."""
    return {
        row["feature_id"]: [
            (n["feature_id"], n["cosine_similarity"]) for n in row["decoder_similarity"]
        ]
        for row in rows
    }


def file_differences(path: Path) -> list[str]:
    """NEXT 4: NumPy 1.0 format, float64, C order, four columns."""
    with path.open("rb") as stream:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            return [f"format {version}, expected (1, 0)"]
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    found = []
    if fortran:
        found.append("Fortran order, expected C order")
    if dtype != np.dtype("<f8"):
        found.append(f"dtype {dtype}, expected float64")
    if len(shape) != 2 or shape[1] != 4:
        found.append(f"shape {shape}, expected (n - 1, 4)")
    return found


def tree_differences(
    expected: np.ndarray, got: np.ndarray, again: np.ndarray | None
) -> tuple[list[str], list[str]]:
    """Differences, and notes on rows that only float noise or a tie orders otherwise.

    `again`: the tree of the written neighbours. Where the recomputed one names other clusters in
    a row, equal merge distances in all rows together with an exact agreement with `again` show
    that the rounding of a cosine decided, and not the method.
    """
    if expected.shape != got.shape:
        return [f"shape: expected {expected.shape} .. got {got.shape}"], []
    other = np.flatnonzero((expected[:, [0, 1, 3]] != got[:, [0, 1, 3]]).any(axis=1))
    far = np.flatnonzero(~(np.abs(expected[:, 2] - got[:, 2]) <= 1e-5))
    found = [
        f"row {i}: distance: expected {expected[i, 2]!r} .. got {got[i, 2]!r}" for i in far[:5]
    ]
    if len(far) > 5:
        found.append(f"{len(far)} rows with another distance")
    if not len(other):
        return found, []
    first = other[0]
    text = (
        f"{len(other)} of {len(got)} rows name other clusters or sizes, the first is row {first}: "
        f"expected {expected[first].tolist()} .. got {got[first].tolist()}"
    )
    if not found and again is not None and np.array_equal(again, got):
        return [], [f"{text}; the distances agree, and the written neighbours give this very tree"]
    return [*found, text], []
