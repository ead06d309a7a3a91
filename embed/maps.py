"""The jobs of the 2-D maps: of decoder rows and of explanations. Empty while they are switched off."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from embed import encoder, projections, weights
from warehouse.database import run
from warehouse.files import write_durably
from warehouse.layout import Layout
from warehouse.plan.graph import Job, JobContext, JobIdentity, Progress
from warehouse.settings import Settings
from warehouse.sqltext import digest, identifier, literal

if TYPE_CHECKING:
    import torch

# Raise when the jobs' program changes what it computes.
_VERSION = 2

_POINT = {"x": "FLOAT", "y": "FLOAT", "clusters": "STRUCT(num_clusters INTEGER, cluster INTEGER)[]"}
_MEANINGS = {
    "feature_id": "the feature",
    "llm_explainer": "full name of the explainer",
    "x": "place on the map",
    "y": "place on the map",
    "clusters": "for each number of clusters, the cluster it is in",
}


@dataclass(frozen=True)
class MapJob(Job):
    """Makes a map; `key`: the columns that name a point, with their types."""

    name: str
    reads: tuple[str, ...]
    key: Mapping[str, str]
    imports: ClassVar[tuple[str, ...]] = ()

    @property
    def columns(self) -> Mapping[str, str]:
        return {name: _MEANINGS[name] for name in (*self.key, *_POINT)}

    def identify(self, settings: Settings, layout: Layout) -> JobIdentity:  # noqa: ARG002
        bound = {key: settings[key] for key in _map_settings(settings)}
        libraries = projections.libraries() if settings["projections.enabled"] else []
        return JobIdentity(digest(self.name, _VERSION, bound, *libraries), bound)

    def run(self, context: JobContext) -> tuple[str, int]:
        """Load the map from its file, which is made first where it isn't there."""
        import pyarrow as pa

        connection, columns = context.connection, {**self.key, **_POINT}
        typed = ", ".join(f"{column} {type_}" for column, type_ in columns.items())
        run(connection, f"CREATE OR REPLACE TABLE {identifier(self.name)} ({typed})")
        if not context.settings["projections.enabled"]:
            return "", 0
        key, vectors = self._points(context)
        if vectors is None:
            return "", 0
        content = hashlib.blake2b(vectors.numpy().data, digest_size=16).hexdigest()
        fingerprint = self.identify(context.settings, context.layout).fingerprint
        own = digest(fingerprint, content, *key.values())
        path = context.layout.projections / f"{self.name.partition('.')[2]}-{own}.parquet"
        if not path.exists():
            connection.register("_map", pa.table(key | self._project(context, vectors)))
            write_durably(
                path,
                lambda p: run(
                    connection, f"COPY (FROM _map) TO {literal(str(p))} (FORMAT parquet)"
                ),
            )
            connection.unregister("_map")
        run(
            connection,
            f"INSERT INTO {identifier(self.name)} BY NAME FROM read_parquet({literal(str(path))})",
        )
        return "", len(vectors)

    def _points(self, context: JobContext) -> tuple[dict[str, list], torch.Tensor | None]:
        """What the map shows: the columns that name its points, and their vectors (n, d), if any."""
        import torch

        if "raw.decoder" in self.reads:
            decoder = weights.read_decoder(context)
            rows = 0 if decoder is None else len(decoder)
            return {"feature_id": list(range(rows))}, decoder
        columns = ", ".join(self.key)
        table = context.connection.sql(
            f"SELECT {columns}, embedding FROM {self.reads[0]} ORDER BY {columns}"
        ).to_arrow_table()
        flat = table["embedding"].combine_chunks().flatten().to_numpy()
        vectors = torch.from_numpy(flat.reshape(len(table), -1 if len(table) else 0).copy())
        return {column: table[column].to_pylist() for column in self.key}, vectors

    def _project(self, context: JobContext, vectors: torch.Tensor) -> dict[str, object]:
        """The columns x, y and clusters."""
        import pyarrow as pa

        settings = context.settings
        points = projections.project(
            vectors,
            int(settings["projections.neighbours"]),
            float(settings["projections.min_dist"]),
            int(settings["projections.seed"]),
            encoder.pick_device(str(settings["embedding.device"])),
            lambda done, total: context.progress(Progress(self.name, done, total, "epochs")),
        )
        by = str(settings["projections.cluster_by"])
        clusters = projections.ward(vectors, points, by, settings["projections.clusters"])
        rows = [
            [
                {"num_clusters": number, "cluster": int(labels[row])}
                for number, labels in clusters.items()
            ]
            for row in range(len(points))
        ]
        form = pa.list_(pa.struct({"num_clusters": pa.int32(), "cluster": pa.int32()}))
        return {"x": points[:, 0], "y": points[:, 1], "clusters": pa.array(rows, form)}


FEATURE_MAP = MapJob(
    "analysis.feature_projection",
    ("raw.decoder", "staging.feature_range"),
    {"feature_id": "BIGINT"},
)
EXPLANATION_MAP = MapJob(
    "analysis.explanation_projection",
    ("master.explanation_embeddings",),
    {"feature_id": "BIGINT", "llm_explainer": "VARCHAR"},
)


def _map_settings(settings: Settings) -> list[str]:
    """The settings that decide a map: all of projections.*, but none while they are off."""
    if not settings["projections.enabled"]:
        return ["projections.enabled"]
    return [name for name in settings.values if name.startswith("projections.")]
