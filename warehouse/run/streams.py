"""Relations that a build reads once, as streams: raw files, and what Python gathers for SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from warehouse.database import open_for_build, run
from warehouse.errors import WarehouseError
from warehouse.plan.graph import Node
from warehouse.plan.plan import Prepared
from warehouse.read.content import InputFile, has_changed
from warehouse.read.delphi_cache import STEPS, Summary
from warehouse.read.inputs import INPUTS, Opening, feeding
from warehouse.run.macros import create_macros
from warehouse.sqltext import identifier
from warehouse.write import gather


@dataclass
class Streams:
    """The streams of one build. `read`: the raw files that were opened or handed to a job."""

    prepared: Prepared
    connection: duckdb.DuckDBPyConnection
    sampled: gather.SampledVectors
    work: Path
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
        models = self.prepared.project.settings.embedding_models
        self.connection.register("_sampled", self.sampled.stream(self.connection, models))
        run(self.connection, f"CREATE OR REPLACE VIEW {name} AS FROM _sampled")

    def _open_raw(
        self, name: str, node: Node, reused: frozenset[str], counts: dict[str, int]
    ) -> None:
        files = [f for f in feeding(name, self.prepared.plan.files) if f.name not in reused]
        if node.model.files:
            named = run(
                self.connection, f"SELECT DISTINCT file FROM {identifier(node.model.files)}"
            )
            opened = {file for (file,) in named}
            files = [f for f in files if f.name in opened]
        if INPUTS[name].opens_files:
            self.read += files
        handle = "_raw_" + name.partition(".")[2]
        opening = Opening(self.prepared.project.settings, counts, self._latents_summary())
        self.connection.register(handle, INPUTS[name].read(files, opening))
        run(self.connection, f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {handle}")

    def _latents_summary(self) -> Summary:
        """What sums up a split of a latents cache, in an engine of its own: this one waits for it."""
        values = self.prepared.project.settings.parameters()
        models = [self.prepared.project.models[f"latents.{step}"] for step in STEPS]
        steps = [
            (step, m.sql, {n: values[n] for n in m.parameters if n in values})
            for step, m in zip(STEPS, models, strict=True)
        ]

        def engine() -> duckdb.DuckDBPyConnection:
            connection = open_for_build(
                None, self.work / "spill-latents", self.prepared.project.settings
            )
            create_macros(connection, self.prepared.project.macros)
            return connection

        return Summary(steps, engine)


# Relation → how it is opened. A gathered one is a model too, whose view comes back after it is read.
STREAMS: dict[str, Callable[..., None]] = {
    **dict.fromkeys(INPUTS, Streams._open_raw),
    gather.RELATION: Streams._open_sampled,
}
