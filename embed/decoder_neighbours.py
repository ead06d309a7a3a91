"""The job of the decoder neighbours: weights → the nearest rows of every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from embed import encoder, weights
from embed.libraries import assert_installed
from warehouse.database import run
from warehouse.layout import Layout
from warehouse.plan.graph import Job, JobContext, JobIdentity
from warehouse.settings import Settings
from warehouse.sqltext import digest, identifier

# Raise when the job's program changes what it computes.
_VERSION = 2


@dataclass(frozen=True)
class DecoderNeighbours(Job):
    """Makes `analysis.decoder_neighbours`. It needs torch for certain, which takes long to load."""

    name: ClassVar[str] = "analysis.decoder_neighbours"
    reads: ClassVar[tuple[str, ...]] = (
        "raw.decoder",
        "staging.feature_range",
        "staging.export_features",
    )
    imports: ClassVar[tuple[str, ...]] = ("torch",)
    columns: ClassVar[Mapping[str, str]] = {
        "feature_id": "the feature",
        "rank": "1 = the nearest",
        "neighbour_id": "the neighbour's feature id",
        "cosine_similarity": "of the two decoder rows",
    }

    def identify(self, settings: Settings, layout: Layout) -> JobIdentity:  # noqa: ARG002
        bound = {"neighbours.count": settings["neighbours.count"]}
        return JobIdentity(digest(self.name, _VERSION, bound), bound)

    def assert_ready(self, settings: Settings, fetch: bool) -> None:  # noqa: ARG002
        """WarehouseError without torch."""
        assert_installed("torch")

    def run(self, context: JobContext) -> tuple[str, int]:
        import numpy as np
        import pyarrow as pa

        from embed.nearest import nearest_rows

        decoder = weights.read_decoder(context)
        if decoder is None:
            return self._told(context)
        device = encoder.pick_device(str(context.settings["embedding.device"]))
        ids, values = nearest_rows(decoder, int(context.settings["neighbours.count"]), device)
        count, k = ids.shape
        context.connection.register(
            "_neighbours",
            pa.table(
                {
                    "feature_id": np.repeat(np.arange(count), k),
                    "rank": np.tile(np.arange(1, k + 1, dtype=np.int32), count),
                    "neighbour_id": ids.numpy().reshape(-1),
                    "cosine_similarity": values.numpy().reshape(-1),
                }
            ),
        )
        sql = f"CREATE OR REPLACE TABLE {identifier(self.name)} AS FROM _neighbours"
        run(context.connection, sql)
        context.connection.unregister("_neighbours")
        return "", count * k

    def _told(self, context: JobContext) -> tuple[str, int]:
        """Without weights: the neighbours that an export tells, or none."""
        name = identifier(self.name)
        sql = f"""
            CREATE OR REPLACE TABLE {name} AS
            SELECT
                feature_id,
                (row_number() OVER nearest)::INTEGER AS rank,
                n.feature_id::BIGINT AS neighbour_id,
                n.cosine_similarity::FLOAT AS cosine_similarity
            FROM (
                SELECT feature_id, unnest(neighbours) AS n
                FROM staging.export_features
                WHERE status = 'kept'
            )
            WHERE n.feature_id <> feature_id
            WINDOW nearest AS (PARTITION BY feature_id ORDER BY n.cosine_similarity DESC, n.feature_id)
            QUALIFY rank <= ?"""
        run(context.connection, sql, [int(context.settings["neighbours.count"])])
        return "", run(context.connection, f"SELECT count(*) FROM {name}")[0][0]
