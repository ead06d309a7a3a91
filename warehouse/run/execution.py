"""One run of a plan on a copy of the warehouse: every step, its record, its exports."""

from __future__ import annotations

import importlib
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import duckdb

from warehouse.database import failing_as, joins_as_written, open_for_build, rewrite, run
from warehouse.errors import DamagedError, WarehouseError, first_line
from warehouse.models.model import Model
from warehouse.plan import plan
from warehouse.plan.graph import JobContext, Node
from warehouse.plan.plan import Prepared
from warehouse.plan.state import NodeState, migrate
from warehouse.run.audits import run_audit
from warehouse.run.events import Event
from warehouse.run.front import create_front
from warehouse.run.macros import create_macros, create_schemas
from warehouse.run.record import Record
from warehouse.run.relations import Relations, unchanged_files
from warehouse.run.remaining import Remaining
from warehouse.run.streams import STREAMS, Streams
from warehouse.write import targets
from warehouse.write.gather import SampledVectors
from warehouse.write.kinds import describe
from warehouse.write.stale import is_stale
from warehouse.write.writer import Writer


@dataclass
class Execution:
    """One run of a plan on a copy of the warehouse in `work`."""

    prepared: Prepared
    build_id: str
    work: Path
    remaining: Remaining
    ran: dict[str, float] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    writer: Writer | None = None
    imports: list[Future[ModuleType]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sampled = SampledVectors(self.work)

    def run(self, exports: bool) -> None:
        """Execute every step, record the build, write the stale exports. Closes the file."""
        published, copy = self.prepared.project.layout.warehouse, self.work / "warehouse.duckdb"
        if self.prepared.storage_change:
            rewrite(published, copy, self.work / "spill", self.prepared.project.settings)
        elif published.exists():
            shutil.copyfile(published, copy)
        self.connection = open_for_build(copy, self.work / "spill", self.prepared.project.settings)
        parameters = self.prepared.project.settings.parameters()
        self.relations = Relations(self.connection, parameters)
        self.streams = Streams(self.prepared, self.connection, self.sampled, self.work)
        self.record = Record(self.connection, self.build_id)
        hint = "check disk space and permissions, then build again"
        with closing(self.connection), failing_as("the build failed", hint):
            create_schemas(self.connection)
            migrate(self.connection)
            create_macros(self.connection, self.prepared.project.macros)
            run(self.connection, "ATTACH ':memory:' AS raw")
            self._begin()
            steps = self.prepared.plan.steps
            self.imports = begin_imports(self.prepared, steps)
            writing = self._writer() if exports else nullcontext()
            with closing(self.context), writing as self.writer:
                jobs = [s for s in steps if s.kind == "job" and s.action != plan.SKIP]
                for step in steps:
                    self._step(step)
                    if step in jobs[-1:]:
                        self.context.close()  # a cluster's workers do not wait for what SQL does
                    if self.writer:
                        self._export(step.node)
                self.streams.assert_unchanged()
                for name in self.prepared.state.nodes.keys() - self.prepared.project.graph.keys():
                    self.relations.forget(name)
                create_front(self.connection, self.prepared.project.models)
                self.record.finish()
                if self.writer:
                    self.writer.collect(everything=True)
            run(self.connection, "DETACH raw")
            run(self.connection, "CHECKPOINT")

    def _writer(self) -> Writer:
        return Writer(
            self.connection,
            self.work / "export",
            self.build_id,
            self.prepared.project.settings,
            self.sampled,
            self._exported,
        )

    def _begin(self) -> None:
        self.results.update(self.prepared.plan.sources)
        self.context = JobContext(
            self.prepared.project.settings,
            self.prepared.project.layout,
            self.connection,
            self.prepared.plan.files,
            self.remaining.progress,
        )
        self.record.begin(self.prepared)

    def _step(self, step: plan.Step) -> None:
        node = self.prepared.project.graph[step.node]
        before = self.prepared.state.nodes.get(step.node)
        if step.action == plan.SKIP:
            if before:
                self.results[step.node] = before.result
            return
        absent = [p for p in node.parents if p not in self.results]
        if absent:
            raise WarehouseError(
                f'"{node.name}" reads "{absent[0]}", which was never built',
                f"python cli.py build --select +{node.name}",
            )
        fingerprint = self.prepared.plan.fingerprints[step.node]
        parents = {p: self.results[p] for p in node.parents}
        key = plan.node_key(fingerprint, parents)
        if step.action == plan.CHECK and before and before.key == key:
            self.results[step.node] = before.result
            self.record.add_step(step.node, "same", "what it reads did not change", before)
            self.remaining.finish(step.node)
            self.remaining.tell(Event("same", step.node))
            return
        self.remaining.tell(Event("start", step.node, step.reason))
        started = time.monotonic()
        try:
            result, rows = self._run_node(node, before, fingerprint, parents, key)
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.Error as error:
            if aside := [
                p for job in self.prepared.project.jobs.values() for p in job.repair(self.context)
            ]:
                raise DamagedError(list(dict.fromkeys(aside))) from None
            raise WarehouseError(
                f'"{node.name}" failed: {first_line(error)}',
                f"its SQL: python cli.py models show {node.name}",
            ) from None
        place = ""
        if node.kind == "job":  # a hub model's identity is known once it was fetched
            project = self.prepared.project
            identity = project.jobs[node.name].identify(project.settings, project.layout)
            fingerprint, place = identity.fingerprint, identity.place
            key = plan.node_key(fingerprint, parents)
        seconds = time.monotonic() - started
        version = node.model.version if node.model else 1
        state = NodeState(
            node.name, node.kind, version, key, fingerprint, result, rows, seconds, self.build_id,
            parents, self.prepared.plan.bound[node.name], place,
        )  # fmt: skip
        self.results[node.name] = result
        self.ran[node.name] = seconds
        reason = step.reason if step.action == plan.RUN else _what_changed(parents, before)
        self.record.add_step(step.node, "run", reason, state)
        self.remaining.finish(step.node)
        self.remaining.tell(Event("done", step.node, reason, rows, seconds))

    def _run_node(
        self,
        node: Node,
        before: NodeState | None,
        fingerprint: str,
        parents: Mapping[str, str],
        key: str,
    ) -> tuple[str, int]:
        """Make the node's relation (or check the audit); its result hash and its rows."""
        if node.kind == "job":
            self.streams.read += [f for f in self.prepared.plan.files if f.input in node.parents]
            for imported in self.imports:  # a broken one says why at its first import only
                imported.result()
            result, rows = self.prepared.project.jobs[node.name].run(self.context)
            return (result, rows) if result else self.relations.content(node.name)
        model = node.model
        if node.kind == "audit":
            warnings = run_audit(self.connection, model, self.relations.parameters)
            said = "\n".join(warnings)
            if warnings:
                self.remaining.tell(Event("warning", model.name, said))
            return said or "no bad rows", len(warnings)
        if model.kind == "macro":
            self.relations.make_macro(model)
            return key, 0
        if model.kind == "view":
            self.relations.drop(model.name, "TABLE")
            self.relations.make_view(model)
            if model.hash:
                return self.relations.content(model.name)
            return key, self.relations.count(model.name) if model.counted else None
        self._make_table(node, unchanged_files(self.prepared, node, before, fingerprint, parents))
        return self.relations.content(model.name)

    def _make_table(self, node: Node, reused: frozenset[str] | None) -> None:
        """Make the node's table from what it reads; rows of the `reused` files stay."""
        counts: dict[str, int] = {}
        self.streams.open(node, reused, counts)
        outdated = None
        if reused is not None:
            known = self.prepared.state.files.values()
            outdated = [f.name for f in known if f.input in node.parents and f.name not in reused]
        streamed = [name for name in node.parents if name in STREAMS]
        with joins_as_written(self.connection) if streamed else nullcontext():
            self.relations.fill_table(node.model, outdated)
        for name in streamed:
            if name in self.prepared.project.models:
                self.relations.make_view(self.prepared.project.models[name])
        self.record.count_records(counts)

    def _export(self, name: str) -> None:
        """Begin to write the node's files, if it has any and they hold something else."""
        model = self.prepared.project.graph[name].model
        if model and name in self.results and is_stale(self.prepared, model, self.results):
            self.writer.start([model], self.results)
        else:
            self.remaining.finish(f"export {name}")
        self.writer.collect()

    def _exported(self, model: Model, files: Sequence[targets.Exported], seconds: float) -> None:
        self.remaining.finish(f"export {model.name}")
        if said := describe(model, files):  # a model without rows may have no file
            name, shown, rows = said
            self.ran[f"export {name}"] = seconds
            self.remaining.tell(Event("export", shown, rows=rows, seconds=seconds))


def begin_imports(prepared: Prepared, steps: Sequence[plan.Step]) -> list[Future[ModuleType]]:
    """Begin to import in a thread what the jobs that run need for certain.

    It takes longer than most nodes, which leave the interpreter free meanwhile.
    """
    jobs = [
        prepared.project.jobs[s.node] for s in steps if s.kind == "job" and s.action == plan.RUN
    ]
    names = sorted({name for job in jobs for name in job.imports})
    if not names:
        return []
    pool = ThreadPoolExecutor(1)
    imports = [pool.submit(importlib.import_module, name) for name in names]
    pool.shutdown(wait=False)
    return imports


def _what_changed(parents: Mapping[str, str], before: NodeState | None) -> str:
    """Which of the relations that a node reads hold something else than at its last run."""
    old = before.parents if before else {}
    return ", ".join(p for p, result in parents.items() if old.get(p) != result) + " changed"
