"""The job of the decoder tree: average linkage of the explained features' decoder rows, by SciPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from embed.libraries import assert_installed, installed
from warehouse.database import run
from warehouse.layout import Layout
from warehouse.plan.graph import Job, JobContext, JobIdentity
from warehouse.settings import Settings
from warehouse.sqltext import digest, identifier

if TYPE_CHECKING:
    import numpy as np

# Raise when the job's program changes what it computes.
_VERSION = 2

_LEAVES = """
    SELECT count(DISTINCT feature_id) FROM analysis.explanations
    WHERE EXISTS (FROM analysis.decoder_neighbours)"""
_DISTANCES = "SELECT row_a, row_b, distance FROM analysis.decoder_distances"


@dataclass(frozen=True)
class DecoderTree(Job):
    """Makes `analysis.feature_linkage`: one row per merge. Empty for one feature, for too many, and without
    neighbours: no decoder is no tree."""

    name: ClassVar[str] = "analysis.feature_linkage"
    reads: ClassVar[tuple[str, ...]] = (
        "analysis.decoder_distances",
        "analysis.decoder_neighbours",
        "analysis.explanations",
    )
    imports: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[Mapping[str, str]] = {
        "merge": "0-based place of the merge, by ascending distance",
        "left_node": "a leaf (0 ≤ i < n, the i-th explained feature), or the result n + j of merge j",
        "right_node": "the other node",
        "distance": "average-linkage distance of the two",
        "size": "leaves below the merge",
    }

    def identify(self, settings: Settings, layout: Layout) -> JobIdentity:  # noqa: ARG002
        bound = {"clustering.max_features": settings["clustering.max_features"]}
        return JobIdentity(digest(self.name, _VERSION, bound, installed("scipy")), bound)

    def assert_ready(self, settings: Settings, fetch: bool) -> None:  # noqa: ARG002
        """WarehouseError without scipy."""
        assert_installed("scipy")

    def run(self, context: JobContext) -> tuple[str, int]:
        import numpy as np
        import pyarrow as pa

        [(leaves,)] = run(context.connection, _LEAVES)
        tree = np.empty((0, 4))
        if leaves <= int(context.settings["clustering.max_features"]):
            known = context.connection.sql(_DISTANCES).fetchnumpy()
            tree = average_linkage(leaves, known["row_a"], known["row_b"], known["distance"])
        context.connection.register(
            "_linkage",
            pa.table(
                {
                    "merge": np.arange(len(tree), dtype=np.int32),
                    "left_node": tree[:, 0].astype(np.int32),
                    "right_node": tree[:, 1].astype(np.int32),
                    "distance": tree[:, 2],
                    "size": tree[:, 3].astype(np.int32),
                }
            ),
        )
        sql = f"CREATE OR REPLACE TABLE {identifier(self.name)} AS FROM _linkage"
        run(context.connection, sql)
        context.connection.unregister("_linkage")
        return "", len(tree)


def average_linkage(
    leaves: int, rows: np.ndarray, columns: np.ndarray, distances: np.ndarray
) -> np.ndarray:
    """SciPy's average linkage (UPGMA, Sokal & Michener 1958), float64 (leaves - 1, 4).

    `distances` float32 (m,) of the leaves `rows` < `columns`, both int (m,); all other pairs are 1
    apart. Takes 8 bytes times the square of `leaves`, half of them SciPy's copy.
    """
    import numpy as np

    if leaves < 2:
        return np.empty((0, 4))
    from scipy.cluster.hierarchy import linkage

    condensed = np.ones(leaves * (leaves - 1) // 2)
    a, b = rows.astype(np.int64), columns.astype(np.int64)
    condensed[a * leaves - a * (a + 1) // 2 + b - a - 1] = distances
    return linkage(condensed, "average")
