"""Relations that a build reads once, as streams: raw files, and what Python gathers for SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import duckdb

from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.plan.graph import Node
from warehouse.plan.plan import Prepared
from warehouse.read import stream
from warehouse.read.content import InputFile, has_changed
from warehouse.read.decompress import Bounds
from warehouse.read.inputs import SOURCES, feeding
from warehouse.sqltext import identifier
from warehouse.write import gather


@dataclass
class Streams:
    """The streams of one build. `read`: the raw files that were opened or handed to a job."""

    prepared: Prepared
    connection: duckdb.DuckDBPyConnection
    sampled: gather.SampledVectors
    read: list[InputFile] = field(default_factory=list)

    def open(self, node: Node, reused: frozenset[str] | None, counts: dict[str, int]) -> None:
        """Make the relations that the node reads as streams; of raw files all but the `reused`.

        `counts` receives the number of records of each file that is cut into records.
        """
        for name in node.parents:
            if name in STREAMS:
                STREAMS[name](self, name, node, reused or frozenset(), counts)

    def assert_unchanged(self) -> None:
        """What was read is what was hashed: no file changed in between."""
        changed = next((f for f in self.read if has_changed(f)), None)
        if changed:
            raise WarehouseError(f'"{changed.name}" changed while it was read', "build again")

    def _open_sampled(
        self,
        name: str,
        node: Node,  # noqa: ARG002
        reused: frozenset[str],  # noqa: ARG002
        counts: dict[str, int],  # noqa: ARG002
    ) -> None:
        models = self.prepared.settings.embedding_models
        self.connection.register("_sampled", self.sampled.stream(self.connection, models))
        run(self.connection, f"CREATE OR REPLACE VIEW {name} AS FROM _sampled")

    def _open_raw(
        self, name: str, node: Node, reused: frozenset[str], counts: dict[str, int]
    ) -> None:
        files = self.prepared.plan.files
        if name != "raw.sources":
            files = [f for f in feeding(name, files) if f.name not in reused]
        if node.model.files:
            named = run(self.connection, f"SELECT DISTINCT file FROM {identifier(node.model.files)}")  # fmt: skip
            opened = {file for (file,) in named}
            files = [f for f in files if f.name in opened]
        if name != "raw.sources":
            self.read += files
        handle = "_raw_" + name.partition(".")[2]
        bounds = Bounds.of(self.prepared.settings)
        self.connection.register(handle, stream.stream(name, files, bounds, counts))
        run(self.connection, f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {handle}")


# Relation → how it is opened. A gathered one is a model too, whose view comes back after it is read.
STREAMS: dict[str, Callable[..., None]] = {
    **dict.fromkeys(SOURCES, Streams._open_raw),
    gather.RELATION: Streams._open_sampled,
}
