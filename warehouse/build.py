"""Build: execute a plan on a copy of the warehouse, audit it, then publish by rename."""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import gc
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import duckdb

from embed import gather
from embed.jobs import READS, Jobs
from warehouse import __version__, catalog, export, history, models, plan, reading, side, sources
from warehouse.catalog import NodeState, State, run
from warehouse.database import (
    create_macros,
    create_schemas,
    joins_as_written,
    open_for_build,
    open_read_only,
)
from warehouse.errors import WarehouseError
from warehouse.graph import SOURCES, Node, build_graph, select
from warehouse.layout import Layout
from warehouse.models import Model, identifier, literal
from warehouse.settings import Settings
from warehouse.sources import feeding
from warehouse.writer import Writer

_BAD_ROWS_SHOWN = 5
_PART_FEATURES = 2048


@dataclass(frozen=True)
class Event:
    """Something that happened in a build, for whoever shows it.

    kind: start, done, same, progress, warning, export, published. `node` is the node or file.
    """

    kind: str
    node: str
    text: str = ""
    rows: int | None = None
    seconds: float = 0.0
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Prepared:
    """Everything a plan or a build starts from."""

    settings: Settings
    layout: Layout
    models: Mapping[str, Model]
    macros: Mapping[str, Model]
    graph: Mapping[str, Node]
    state: State
    jobs: Jobs
    plan: plan.Plan


@dataclass(frozen=True)
class Report:
    """What a build did. `ran`: node → seconds, in order."""

    build_id: str
    ran: Mapping[str, float]
    exports: Sequence[export.Exported]
    embedded: Mapping[str, int]
    seconds: float
    published: bool


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    """Look for garbage less often: what tells of a hundred thousand raw files holds no cycles."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@_few_collections()
def prepare(settings: Settings, selectors: Sequence[str] = (), full: bool = False) -> Prepared:
    """Read models, files and state, and plan. Changes nothing on disk."""
    layout = Layout(settings.data)
    every = models.load_all()
    macros = {name: m for name, m in every.items() if m.schema == "macros"}
    graph = build_graph(every, READS)
    jobs = Jobs(settings, layout)
    state = catalog.read_state(layout.warehouse)
    files = sources.hashed(sources.discover(settings), state.files, trust_times=not full)
    selected = select(graph, selectors) if selectors else None
    made = plan.make_plan(graph, macros, settings, files, state, jobs.identify, selected, full)
    return Prepared(settings, layout, every, macros, graph, state, jobs, made)


def stale_exports(prepared: Prepared, results: Mapping[str, str]) -> list[str]:
    """Masters and side models of the published warehouse whose files don't hold what `results` says.

    `results`: node → hash.
    """
    if not prepared.layout.warehouse.exists():
        return []
    with open_read_only(prepared.layout.warehouse, unsafe=True) as connection:
        return [
            short
            for short, name in export.exportable(prepared.models).items()
            if name in results
            and is_stale(prepared, prepared.models[name], results[name], connection)
        ]


def is_stale(
    prepared: Prepared, model: Model, result: str, connection: duckdb.DuckDBPyConnection
) -> bool:
    """Whether the model is exported, and its files are missing or hold another result."""
    if model.schema == "master":
        path = prepared.layout.master / f"{model.name.partition('.')[2]}.parquet"
        return not export.is_current(path, export.export_key(model, result, prepared.settings))
    if model.schema == "side":
        return not side.is_current(connection, model, result, prepared.layout.data)
    return False


def published_results(prepared: Prepared) -> dict[str, str]:
    """Node → result hash of the nodes that the plan leaves as they are."""
    skipped = {s.node for s in prepared.plan.steps if s.action == plan.SKIP}
    return {n: s.result for n, s in prepared.state.nodes.items() if n in skipped}


@_few_collections()
def build(
    settings: Settings,
    selectors: Sequence[str] = (),
    full: bool = False,
    exports: bool = True,
    wait: bool = False,
    on_event: Callable[[Event], None] = lambda event: None,
    dry: Callable[[Path], None] | None = None,
) -> Report:
    """Bring the published warehouse and its exports up to date; all of it or nothing.

    With `dry` nothing is published: it gets the finished file, which is gone after it returns.
    A failure (WarehouseError) or an interruption leaves what is published as it was; vectors that
    were finished stay in the store for the next build.
    """
    started = time.monotonic()
    layout = Layout(settings.data)
    with _locked(layout, wait):
        prepared = prepare(settings, selectors, full)
        exports = exports and dry is None
        stale = stale_exports(prepared, published_results(prepared)) if exports else []
        if all(s.action == plan.SKIP for s in prepared.plan.steps) and not stale:
            if dry is None:
                history.prune(layout, prepared.state.build_id, settings)
            return Report(prepared.state.build_id, {}, (), {}, time.monotonic() - started, False)
        build_id = datetime.datetime.now(datetime.UTC).strftime(
            "%Y%m%dT%H%M%S-"
        ) + secrets.token_hex(3)
        work = layout.work / build_id
        work.mkdir(parents=True)
        try:
            execution = _Execution(prepared, build_id, work, on_event)
            execution.run(exports)
            if dry is not None:
                dry(work / "warehouse.duckdb")
                return Report(
                    build_id, execution.ran, (), prepared.jobs.embedded,
                    time.monotonic() - started, False,
        )  # fmt: skip
            published = _publish(execution, work)
        except OSError as error:
            raise WarehouseError(
                f"the build could not write: {error}",
                "check disk space and permissions, then build again",
            ) from None
        finally:
            shutil.rmtree(work, ignore_errors=True)
    seconds = time.monotonic() - started
    on_event(Event("published", str(layout.warehouse), seconds=seconds))
    return Report(
        build_id,
        execution.ran,
        published,
        prepared.jobs.embedded,
        seconds,
        True,
    )


@dataclass
class _Execution:
    """One run of a plan on a copy of the warehouse in `work`."""

    prepared: Prepared
    build_id: str
    work: Path
    on_event: Callable[[Event], None]
    ran: dict[str, float] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    writer: Writer | None = None
    read: list[sources.InputFile] = field(default_factory=list)
    states: dict[str, NodeState] = field(default_factory=dict)
    steps: list[tuple] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sampled = gather.SampledVectors(self.work)

    def run(self, exports: bool) -> None:
        """Execute every step, record the build, write the stale exports. Closes the file."""
        published, copy = self.prepared.layout.warehouse, self.work / "warehouse.duckdb"
        if published.exists():
            shutil.copyfile(published, copy)
        self.connection = open_for_build(copy, self.work / "spill", self.prepared.settings)
        try:
            create_schemas(self.connection)
            catalog.migrate(self.connection)
            create_macros(self.connection, self.prepared.macros)
            run(self.connection, "ATTACH ':memory:' AS raw")
            self._begin()
            steps = self.prepared.plan.steps
            self.prepared.jobs.warm_up(s.node for s in steps if s.action == plan.RUN)
            with self._writer() if exports else nullcontext() as self.writer:
                for step in steps:
                    self._step(step)
                    if self.writer:
                        self._export(step.node)
                self._assert_unchanged()
                self._drop_unknown()
                self._record_build()
                if self.writer:
                    self.writer.collect(everything=True)
            run(self.connection, "DETACH raw")
            run(self.connection, "CHECKPOINT")
        except duckdb.InterruptException:
            raise KeyboardInterrupt from None
        except duckdb.OutOfMemoryException as error:
            raise WarehouseError(f"DuckDB ran out of memory: {_first_line(error)}", 'raise memory_limit, or give temp_directory more disk') from None  # fmt: skip
        except duckdb.Error as error:
            raise WarehouseError(
                f"the build failed: {_first_line(error)}",
                "check disk space and permissions, then build again",
            ) from None
        finally:
            self.connection.close()

    def _writer(self) -> Writer:
        return Writer(
            self.connection,
            self.work / "export",
            self.build_id,
            self.prepared.settings,
            self.sampled,
            self._exported,
        )

    def _record_build(self) -> None:
        catalog.save_nodes(self.connection, self.states.values())
        catalog.save_steps(self.connection, self.steps)
        catalog.save_inputs(self.connection, self.build_id)
        run(
            self.connection,
            "UPDATE _warehouse.builds SET finished = ? WHERE build_id = ?",
            [_utc_now(), self.build_id],
        )

    def _begin(self) -> None:
        self.results.update(self.prepared.plan.sources)
        self.prepared.jobs.progress = lambda job, done, total, what: self.on_event(
            Event("progress", job, what, done=done, total=total)
        )
        read = {p for s in self.prepared.plan.steps if s.reason != "not selected" for p in self.prepared.graph[s.node].parents}  # fmt: skip
        inputs = {*(read & SOURCES.keys()), ""}
        files = [f for f in self.prepared.plan.files if f.input in inputs]
        catalog.save_files(self.connection, inputs, files, {})
        run(
            self.connection,
            "INSERT INTO _warehouse.builds VALUES (?, ?, NULL, ?, ?, ?)",
            [
                self.build_id,
                _utc_now(),
                __version__,
                duckdb.__version__,
                json.dumps(dict(self.prepared.settings.values)),
            ],
        )

    def _step(self, step: plan.Step) -> None:
        node = self.prepared.graph[step.node]
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
        logic = self.prepared.plan.logic[step.node]
        parents = {p: self.results[p] for p in node.parents}
        key = plan.node_key(logic, parents)
        if step.action == plan.CHECK and before and before.key == key:
            self.results[step.node] = before.result
            self._record(step, "same", "what it reads came out as it was", before)
            self.on_event(Event("same", step.node))
            return
        self.on_event(Event("start", step.node, step.reason))
        started = time.monotonic()
        try:
            result, rows = self._run_node(node, before, logic, parents, key)
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except duckdb.Error as error:
            raise WarehouseError(
                f'"{node.name}" failed: {_first_line(error)}',
                f"python cli.py models show {node.name}   prints its SQL",
            ) from None
        if node.kind == "job":  # a hub model's identity is known once it was fetched
            logic = self.prepared.jobs.identify(node.name).logic
            key = plan.node_key(logic, parents)
        seconds = time.monotonic() - started
        version = node.model.version if node.model else 1
        state = NodeState(
            node.name, node.kind, version, key, logic, result, rows, seconds, self.build_id,
            parents, self.prepared.plan.bound[node.name],
        )  # fmt: skip
        self.states[node.name] = state
        self.results[node.name] = result
        self.ran[node.name] = seconds
        reason = step.reason if step.action == plan.RUN else self._why(parents, before)
        self._record(step, "run", reason, state)
        self.on_event(Event("done", step.node, reason, rows, seconds))

    def _run_node(
        self,
        node: Node,
        before: NodeState | None,
        logic: str,
        parents: Mapping[str, str],
        key: str,
    ) -> tuple[str, int]:
        """Make the node's relation (or check the audit); its result hash and its rows."""
        if node.kind == "job":
            self.read += [f for f in self.prepared.plan.files if f.input in node.parents]
            result, rows = self.prepared.jobs.run(node.name, self.connection, list(self.prepared.plan.files))  # fmt: skip
            return (result, rows) if result else self._content(node.name)
        model = node.model
        if node.kind == "audit":
            return self._audit(model)
        if model.kind == "macro":
            run(self.connection, model.filled(self.prepared.settings.parameters()))
            self._describe(model)
            return key, 0
        if model.kind == "view":
            self._drop(model.name, "TABLE")
            self._create_view(model)
            if model.hashed:
                return self._content(model.name)
            return key, self._count(model.name)
        counts: dict[str, int] = {}
        reused = self._unchanged_files(node, before, logic, parents)
        self._open_sources(node, reused, counts)
        values = self.prepared.settings.parameters()
        bound = {name: values[name] for name in model.parameters}
        with joins_as_written(self.connection) if self._streams(node) else nullcontext():
            self._fill(node, reused, bound)
        if gather.RELATION in node.parents:
            self._create_view(self.prepared.models[gather.RELATION])
        for file, count in counts.items():
            run(
                self.connection,
                "UPDATE _warehouse.files SET records = ? WHERE name = ?",
                [count, file],
            )
        return self._content(model.name)

    def _streams(self, node: Node) -> bool:
        """Whether it reads a relation that stands behind a stream."""
        return any(p in SOURCES or p == gather.RELATION for p in node.parents)

    def _fill(self, node: Node, reused: frozenset[str] | None, bound: Mapping[str, object]) -> None:
        """Make the node's table; or, when the rows of `reused` files stand, those of the others."""
        model, table = node.model, identifier(node.name)
        if reused is None:
            self._drop(model.name, "VIEW")
            making = f"CREATE OR REPLACE TABLE {table} AS"
            for part in self._parts(model):
                sql = f"{making} {_select(model, model.sql)}"
                run(self.connection, sql, {**bound, **part} or None)
                making = f"INSERT INTO {table} BY NAME"
            self._describe(model)
            return
        known = self.prepared.state.files.values()
        outdated = [f.name for f in known if f.input in node.parents and f.name not in reused]
        sql = f"DELETE FROM {table} WHERE list_contains(?, {identifier(model.incremental)})"
        run(self.connection, sql, [outdated])
        run(self.connection, f"INSERT INTO {table} BY NAME {model.sql}", bound or None)

    def _parts(self, model: Model) -> list[dict[str, int]]:
        """What each statement binds that makes a part of the model; of a model made at once: nothing.

        A part is some thousand features of the relation that the header names. What is grouped by
        feature then needs no more memory for more features, and keeps in the processor's cache.
        """
        if not model.parts:
            return [{}]
        firsts = run(
            self.connection,
            f"""SELECT feature_id FROM (SELECT DISTINCT feature_id FROM {identifier(model.parts)})
            QUALIFY row_number() OVER (ORDER BY feature_id) % {_PART_FEATURES} = 0 ORDER BY feature_id""",
        )
        first, last = models.ALL_FEATURES.values()
        edges = [first, *(feature for (feature,) in firsts), last + 1]
        return [dict(zip(models.ALL_FEATURES, (a, b - 1), strict=True)) for a, b in pairwise(edges)]

    def _describe(self, model: Model) -> None:
        """The header's descriptions as comments, where any DuckDB shell shows them."""
        kind, name = model.kind.replace("macro", "macro table"), identifier(model.name)
        comments = [f"COMMENT ON {kind} {name} IS {literal(model.description)}"]
        if model.kind != "macro":
            comments += [
                f"COMMENT ON COLUMN {name}.{identifier(c.name)} IS {literal(c.description)}"
                for c in model.columns
            ]
        run(self.connection, "; ".join(["BEGIN", *comments, "COMMIT"]))

    def _create_view(self, model: Model) -> None:
        sql = _select(model, model.filled(self.prepared.settings.parameters()))
        run(self.connection, f"CREATE OR REPLACE VIEW {identifier(model.name)} AS {sql}")
        self._describe(model)

    def _unchanged_files(
        self, node: Node, before: NodeState | None, logic: str, parents: Mapping[str, str]
    ) -> frozenset[str] | None:
        """For an incremental model: the files whose rows stand. None: read everything."""
        if (
            not node.model.incremental
            or not before
            or before.logic != logic
            or self.prepared.plan.full
        ):
            return None
        if any(before.parents.get(p) != r for p, r in parents.items() if p not in SOURCES):
            return None
        old = self.prepared.state.files
        return frozenset(
            f.name for f in self.prepared.plan.files
            if f.input in node.parents and f.name in old and old[f.name].hash == f.hash
        )  # fmt: skip

    def _open_sources(
        self, node: Node, reused: frozenset[str] | None, counts: dict[str, int]
    ) -> None:
        """Make the relations that the node reads as streams, which can be read once."""
        if gather.RELATION in node.parents:
            self.connection.register(
                "_sampled", self.sampled.stream(self.connection, self.prepared.jobs.models)
            )
            run(self.connection, f"CREATE OR REPLACE VIEW {gather.RELATION} AS FROM _sampled")
        for name in node.parents:
            if name not in SOURCES:
                continue
            files = self.prepared.plan.files
            if name != "raw.sources":
                files = [f for f in feeding(name, files) if f.name not in (reused or ())]
            if node.model.files:
                named = run(self.connection, f"SELECT DISTINCT file FROM {identifier(node.model.files)}")  # fmt: skip
                opened = {file for (file,) in named}
                files = [f for f in files if f.name in opened]
            if name != "raw.sources":
                self.read += files
            handle = "_raw_" + name.partition(".")[2]
            self.connection.register(handle, reading.stream(name, files, self.prepared.settings, counts))
            run(self.connection, f"CREATE OR REPLACE VIEW {name} AS SELECT * FROM {handle}")

    def _assert_unchanged(self) -> None:
        """What was read is what was hashed: no file changed in between."""
        changed = next((f for f in self.read if sources.has_changed(f)), None)
        if changed:
            raise WarehouseError(f'"{changed.name}" changed while it was read', "build again")

    def _audit(self, model: Model) -> tuple[str, int]:
        values = self.prepared.settings.parameters()
        bound = {name: values[name] for name in model.parameters}
        self.connection.execute(f"SELECT * FROM (\n{model.sql}\n) LIMIT 1000", bound or None)
        names = [d[0] for d in self.connection.description]
        rows = self.connection.fetchall()
        if rows:
            message = _audit_message(model, names, rows)
            if model.severity == "error":
                raise WarehouseError(message, model.hint)
            self.on_event(Event("warning", model.name, message))
        return f"{len(rows)} bad rows", len(rows)

    def _content(self, name: str) -> tuple[str, int]:
        """Order-free hash of a relation's rows, and their number."""
        columns = run(self.connection, f"DESCRIBE {identifier(name)}")
        row = ", ".join(part for column, type_, *_ in columns for part in _hashable(column, type_))
        count, mixed, total = run(
            self.connection,
            f"SELECT count(*), coalesce(bit_xor(h), 0), coalesce(sum(h::HUGEINT), 0) "
            f"FROM (SELECT hash({row}) AS h FROM {identifier(name)})",
        )[0]
        return models.digest(count, mixed, total), count

    def _count(self, name: str) -> int:
        return run(self.connection, f"SELECT count(*) FROM {identifier(name)}")[0][0]

    def _drop(self, name: str, kind: str) -> None:
        schema, _, table = name.partition(".")
        function = "duckdb_views" if kind == "VIEW" else "duckdb_tables"
        if run(self.connection, f"SELECT 1 FROM {function}() WHERE database_name = current_database() AND schema_name = ? AND {kind.lower()}_name = ?", [schema, table]):  # fmt: skip
            run(self.connection, f"DROP {kind} {identifier(name)}")

    def _drop_unknown(self) -> None:
        """Drop what models made that no longer exist, and forget it."""
        for name in self.prepared.state.nodes.keys() - self.prepared.graph.keys():
            self._drop(name, "VIEW")
            self._drop(name, "TABLE")
            run(self.connection, f"DROP MACRO TABLE IF EXISTS {identifier(name)}")
            run(self.connection, "DELETE FROM _warehouse.nodes WHERE node = ?", [name])

    def _why(self, parents: Mapping[str, str], before: NodeState | None) -> str:
        old = before.parents if before else {}
        changed = [p for p, result in parents.items() if old.get(p) != result]
        return ", ".join(changed) + " changed"

    def _record(self, step: plan.Step, action: str, reason: str, state: NodeState) -> None:
        self.steps.append((self.build_id, step.node, action, reason, state.version, state.key, state.result,
                           state.rows, state.seconds))  # fmt: skip

    def _export(self, name: str) -> None:
        """Begin to write the node's files, if it has any and they hold something else."""
        model, result = self.prepared.graph[name].model, self.results.get(name)
        if model and result and is_stale(self.prepared, model, result, self.connection):
            self.writer.start([model], self.results)
        self.writer.collect()

    def _exported(self, model: Model, files: Sequence[export.Exported], seconds: float) -> None:
        if model.schema == "side":
            name, shown, rows = model.name, f"{model.name}: JSON", len(files)
        else:
            name, shown, rows = files[0].name, files[0].path.name, files[0].rows
        self.ran[f"export {name}"] = seconds
        self.on_event(Event("export", shown, rows=rows, seconds=seconds))


def _hashable(column: str, type_: str) -> list[str]:
    """Expressions that tell a column's values apart: DuckDB hashes [], [NULL] and NULL alike."""
    name = '"' + column.replace('"', '""') + '"'  # a dot in it is no end of a schema's name
    if type_.endswith("[]") and type_.count("[") == 1 and "(" not in type_:
        return [name, f"len({name})", f"list_count({name})"]
    if "[" in type_:
        return [f"{name}::VARCHAR"]
    return [name]


def _select(model: Model, sql: str) -> str:
    return export.typed(model, sql) if model.schema == "master" else sql


def standing_warnings(layout: Layout, settings: Settings) -> list[str]:
    """What the warning audits say of the published warehouse, whichever build ran them last."""
    found = []
    with open_read_only(layout.warehouse, unsafe=True) as connection:
        built = {row[0] for row in run(connection, "SELECT node FROM _warehouse.nodes")}
        for model in models.load_all().values():
            if model.name in built and model.schema == "audits" and model.severity == "warning":
                sql = model.filled(settings.parameters())
                found += [row[0] for row in run(connection, f"SELECT message FROM (\n{sql}\n)")]
    return found


def _publish(execution: _Execution, work: Path) -> list[export.Exported]:
    prepared, built = execution.prepared, work / "warehouse.duckdb"
    layout = prepared.layout
    written = execution.writer.masters if execution.writer else []
    side_files = execution.writer.side_files if execution.writer else []
    targets = [layout.master / e.path.name for e in written]
    targets += [layout.data / e.name for e in side_files]
    with built.open("rb") as stream:
        os.fsync(stream.fileno())
    # What can fail, fails before anything is published.
    for place in {path.parent for path in targets}:
        place.mkdir(parents=True, exist_ok=True)
    history.keep(layout, prepared.state.build_id, prepared.settings)
    built.replace(layout.warehouse)
    published = export.publish(written, layout.master)
    side.publish(side_files, layout.data)
    history.prune(layout, execution.build_id, prepared.settings)
    return published


def _audit_message(model: Model, names: Sequence[str], rows: Sequence[tuple]) -> str:
    if names[0] == "message":
        more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
        return f"{rows[0][0]}{more}"
    count = f"{len(rows)} bad row{'s' if len(rows) > 1 else ''}"
    shown = [
        ", ".join(f"{n} = {v!r}" for n, v in zip(names, row, strict=True))
        for row in rows[:_BAD_ROWS_SHOWN]
    ]
    lines = "".join(f"\n  {line[:300]}" for line in shown)
    return f'audit "{model.name}" found {count} ({model.description}){lines}'


def _utc_now() -> datetime.datetime:
    """The time as a TIMESTAMP column holds it: UTC, so that its order survives a clock change."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


@contextlib.contextmanager
def _locked(layout: Layout, wait: bool) -> Iterator[None]:
    """Hold the data directory's build lock; the system frees a dead holder's by itself."""
    layout.work.mkdir(exist_ok=True)
    with layout.lock.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            raise WarehouseError(
                f'another build holds "{layout.data}": {holder}',
                "wait for it (--wait), or stop it",
            ) from None
        handle.truncate(0)
        handle.write(f"process {os.getpid()} since {datetime.datetime.now():%Y-%m-%d %H:%M:%S}")
        handle.flush()
        for left in layout.work.iterdir():  # of builds that died
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        yield


def export_published(
    settings: Settings, names: Sequence[str] = (), target: Path | None = None
) -> list[export.Exported]:
    """Write the published warehouse's masters and JSON side files, all or the named ones.

    `target` gets them instead of DIR/master (masters) and DIR (side files).
    """
    layout = Layout(settings.data)
    every = models.load_all()
    wanted = export.chosen(every, names)
    target = target or layout.master
    state = catalog.read_state(layout.warehouse)
    with open_read_only(layout.warehouse, unsafe=True) as connection, _locked(layout, False):
        # The figures are those of the build's settings, whatever the settings are now.
        settings = catalog.published(connection).settings(settings.data)
        work = target / f".export-{secrets.token_hex(3)}"
        work.mkdir(parents=True)
        sampled = gather.SampledVectors(work)
        try:
            for name in wanted:
                if name not in state.nodes:
                    raise WarehouseError(f'"{name}" was not built yet', "python cli.py build")
            with Writer(connection, work / "export", state.build_id, settings, sampled) as writer:
                results = {name: state.nodes[name].result for name in wanted}
                writer.start([every[name] for name in wanted], results)
                writer.collect(everything=True)
            home = layout.data if target == layout.master else target
            return export.publish(writer.masters, target) + side.publish(writer.side_files, home)
        finally:
            shutil.rmtree(work, ignore_errors=True)
