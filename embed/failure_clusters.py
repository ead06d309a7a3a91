"""The job of the failure clusters: features whose explanations fail alike, by scikit-learn's HDBSCAN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from embed.density_tree import selected_labels
from embed.libraries import assert_installed, installed
from warehouse.database import run
from warehouse.layout import Layout
from warehouse.plan.graph import Job, JobContext, JobIdentity
from warehouse.settings import Settings
from warehouse.sqltext import digest, identifier

if TYPE_CHECKING:
    import numpy as np

# Raise when the job's program changes what it computes.
_VERSION = 1

_SETTINGS = ("causes.min_cluster_size", "causes.min_samples", "causes.epsilon")
_PROFILES = "SELECT feature_id, profile FROM analysis.failure_profiles ORDER BY feature_id"
NO_CLUSTER = -1


@dataclass(frozen=True)
class FailureClusters(Job):
    """Makes `analysis.failure_clusters`: one row per feature."""

    name: ClassVar[str] = "analysis.failure_clusters"
    reads: ClassVar[tuple[str, ...]] = ("analysis.failure_profiles",)
    imports: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[Mapping[str, str]] = {
        "feature_id": "the feature",
        "cluster_id": "0 the largest cluster (ties: that of the smallest feature id); -1 in none",
    }

    def identify(self, settings: Settings, layout: Layout) -> JobIdentity:  # noqa: ARG002
        bound = {name: settings[name] for name in _SETTINGS}
        return JobIdentity(digest(self.name, _VERSION, bound, installed("scikit-learn")), bound)

    def assert_ready(self, settings: Settings, fetch: bool) -> None:  # noqa: ARG002
        """WarehouseError without scikit-learn."""
        assert_installed("scikit-learn")

    def run(self, context: JobContext) -> tuple[str, int]:
        import numpy as np
        import pyarrow as pa

        table = context.connection.sql(_PROFILES).to_arrow_table()
        profiles = table["profile"].combine_chunks().flatten().to_numpy()
        size, samples, epsilon = (context.settings[name] for name in _SETTINGS)
        found = clusters(
            profiles.reshape(len(table), -1) if len(table) else np.empty((0, 5)),
            int(size),
            int(samples),
            float(epsilon),
        )
        context.connection.register(
            "_clusters", pa.table({"feature_id": table["feature_id"], "cluster_id": found})
        )
        sql = f"CREATE OR REPLACE TABLE {identifier(self.name)} AS FROM _clusters"
        run(context.connection, sql)
        context.connection.unregister("_clusters")
        return "", len(table)


def clusters(
    profiles: np.ndarray, min_cluster_size: int, min_samples: int, epsilon: float
) -> np.ndarray:
    """HDBSCAN (Campello, Moulavi & Sander 2013) by excess of mass, int32 (n,), of float64 (n, d).

    `min_samples` does not count the point itself, as in the package hdbscan. Clusters are numbered
    by size, the largest first, equal ones by their first row; -1 is in none. So is every row where
    there are fewer rows than a cluster or a point's neighbourhood needs.
    """
    import numpy as np

    if len(profiles) < max(min_cluster_size, min_samples + 1):
        return np.full(len(profiles), NO_CLUSTER, np.int32)
    from sklearn.cluster import HDBSCAN

    fitted = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min_samples + 1,  # scikit-learn counts the point itself
        copy=True,
    ).fit(profiles)
    # Its own selection by epsilon breaks under NumPy 2.4 (scikit-learn 1.9.1, 2026-11).
    labels = selected_labels(fitted._single_linkage_tree_, min_cluster_size, epsilon)
    found, firsts, sizes = np.unique(labels, return_index=True, return_counts=True)
    inside = found >= 0
    found, firsts, sizes = found[inside], firsts[inside], sizes[inside]
    numbers = np.full(int(found.max(initial=NO_CLUSTER)) + 2, NO_CLUSTER, np.int32)
    numbers[found[np.lexsort((firsts, -sizes))]] = np.arange(len(found))
    return numbers[labels]  # the last number is that of the label -1
