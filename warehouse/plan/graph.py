"""The graph: sources, SQL models, jobs and audits, each with the nodes it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Protocol, TypeVar

import duckdb

from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.layout import Layout
from warehouse.models.library import find
from warehouse.models.model import Model
from warehouse.models.schemas import SCHEMAS
from warehouse.read.content import InputFile
from warehouse.read.inputs import INPUTS
from warehouse.settings import Settings

T = TypeVar("T")

_JOB_RANK = 8  # beside those of the schemas


@dataclass(frozen=True)
class Node:
    """A node of the graph. `kind`: source, model, job, audit. `model` for models and audits."""

    name: str
    kind: str
    parents: tuple[str, ...]
    model: Model | None = None


@dataclass(frozen=True)
class JobIdentity:
    """What decides a job's result besides its parents; `fingerprint` is '' while it can't be known.

    `place`: the directory that its relation names, '' where it names none. In another place the job
    makes its relation anew, and the result is the same.
    """

    fingerprint: str
    settings: Mapping[str, object]
    place: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a job is. `left`: seconds until its end, None before that is known."""

    job: str
    done: int
    total: int
    unit: str
    seconds: float = 0.0
    left: float | None = None


@dataclass(frozen=True, kw_only=True)
class _Shared:
    """What the jobs of a build are handed, and what one of them opens for all."""

    _opened: dict[str, object] = field(default_factory=dict)
    _closing: ExitStack = field(default_factory=ExitStack)

    def once(
        self, name: str, open_: Callable[[], T], close: Callable[[T], None] | None = None
    ) -> T:
        """What `open_` opens; the jobs of a build open it once. `close` is called after the last job."""
        if name not in self._opened:
            self._opened[name] = opened = open_()
            if close:
                self._closing.callback(close, opened)
        return self._opened[name]

    def close(self) -> None:
        """End what was opened: it would otherwise last as long as anybody holds this object."""
        self._closing.close()


@dataclass(frozen=True)
class Foresight(_Shared):
    """What is known before a build's first node runs.

    `files`: its raw files; `former`: those of the published build, which had the settings
    `former_values` and nodes of so many `rows`; `connection`: the published warehouse, where what
    the job reads stays as it is, else None.
    """

    settings: Settings
    layout: Layout
    files: Sequence[InputFile]
    former: Sequence[InputFile]
    former_values: Mapping[str, object]
    rows: Mapping[str, int]
    connection: duckdb.DuckDBPyConnection | None = None


@dataclass(frozen=True)
class Forecast:
    """How many texts a job would embed with a model.

    `texts`: counted where it is `exact`, else a bound, about; None where reading alone tells it.
    `seconds`: as this machine needed at the last embedding; None where it never embedded so.
    """

    job: str
    model: str
    texts: int | None
    exact: bool
    seconds: float | None


@dataclass(frozen=True)
class JobContext(_Shared):
    """What a build hands to its jobs.

    `files`: the build's raw files; `embedded`: by job how many texts it had to encode.
    """

    settings: Settings
    layout: Layout
    connection: duckdb.DuckDBPyConnection
    files: Sequence[InputFile]
    progress: Callable[[Progress], None] = lambda progress: None
    embedded: dict[str, int] = field(default_factory=dict)


class Job(Protocol):
    """What SQL can't do: reads relations, makes the relation `name`.

    `columns`: those of its relation, with their meanings; `imports`: modules that it needs for
    certain and that take long to load: a build begins with them while SQL runs. A job that is a
    subclass need not write `assert_ready`, `foresee` and `repair`.
    """

    name: str
    reads: tuple[str, ...]
    columns: Mapping[str, str]
    imports: tuple[str, ...]

    def identify(self, settings: Settings, layout: Layout) -> JobIdentity:
        """What decides the result besides the parents. Imports nothing heavy."""

    def assert_ready(self, settings: Settings, fetch: bool) -> None:
        """WarehouseError when the job is sure to fail for want of something; `fetch` may get it.

        A job that needs nothing has none of this.
        """

    def foresee(self, known: Foresight) -> list[Forecast]:  # noqa: ARG002
        """The texts that it would embed, told before a build runs. Changes nothing."""
        return []

    def run(self, context: JobContext) -> tuple[str, int]:
        """Make the relation; its result hash ('': the relation's content) and its rows.

        DamagedError when files of its own were damaged: they are set aside, and the build begins anew.
        """

    def repair(self, context: JobContext) -> list[Path]:  # noqa: ARG002
        """Set aside what is damaged of its own files; where that lies now. Without files: nothing."""
        return []


def build_graph(models: Mapping[str, Model], jobs: Iterable[Job]) -> dict[str, Node]:
    """All nodes by name in an order in which parents come first and audits as early as they can.

    WarehouseError: a relation nobody makes, or a cycle.
    """
    nodes = {name: Node(name, "source", ()) for name in INPUTS}
    nodes |= {job.name: Node(job.name, "job", job.reads) for job in jobs}
    for name, model in models.items():
        schema = SCHEMAS[model.schema]
        if not schema.built:
            continue
        # `_warehouse.*` is the build's own state: always there, never a reason to run.
        parents = tuple(sorted(r for r in model.relations if not r.startswith("_warehouse.")))
        nodes[name] = Node(name, "audit" if schema.makes == "audit" else "model", parents, model)
    for node in nodes.values():
        for parent in node.parents:
            if parent not in nodes:
                near = nearest(parent, list(nodes))
                raise WarehouseError(
                    f'model "{node.name}" reads "{parent}", which nothing makes',
                    f'did you mean "{near}"?' if near else "",
                )
    return {name: nodes[name] for name in _ordered(nodes)}


def _ordered(nodes: Mapping[str, Node]) -> list[str]:
    """Parents first; of the nodes that are ready, by the ranks of their schemas, then by name."""

    def rank(name: str) -> int:
        node = nodes[name]
        if node.model:
            return SCHEMAS[node.model.schema].rank
        return _JOB_RANK if node.kind == "job" else 0

    sorter = TopologicalSorter({name: node.parents for name, node in nodes.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise WarehouseError(
            f"models read each other in a circle: {' → '.join(error.args[1])}"
        ) from None
    order: list[str] = []
    ready: list[str] = list(sorter.get_ready())
    while ready:
        ready.sort(key=lambda n: (rank(n), n), reverse=True)
        name = ready.pop()
        order.append(name)
        sorter.done(name)
        ready += sorter.get_ready()
    return order


def select(graph: Mapping[str, Node], selectors: Iterable[str]) -> frozenset[str]:
    """Names chosen by `--select`: NAME, NAME+ (and all that reads it), +NAME (and all it reads).

    A name may be the last part alone (`features`), a schema with a star (`master.*`).
    """
    chosen: set[str] = set()
    for selector in selectors:
        name = selector.strip("+")
        found = find(name, graph)
        matches = (
            [found]
            if found
            else [n for n in graph if name.endswith(".*") and n.startswith(name[:-1])]
        )
        if not matches:
            near = nearest(name, [*graph, *(n.partition(".")[2] for n in graph)])
            raise UsageError(
                f'--select "{selector}": no such model',
                f'did you mean "{near}"?' if near else "python cli.py models list",
            )
        chosen.update(matches)
        if selector.startswith("+"):
            chosen |= _reach(matches, {n: graph[n].parents for n in graph})
        if selector.endswith("+"):
            chosen |= _reach(matches, children(graph))
    return frozenset(chosen)


def children(graph: Mapping[str, Node]) -> dict[str, tuple[str, ...]]:
    """Node → the nodes that read it."""
    reading: dict[str, list[str]] = {name: [] for name in graph}
    for node in graph.values():
        for parent in node.parents:
            reading[parent].append(node.name)
    return {name: tuple(readers) for name, readers in reading.items()}


def _reach(start: Iterable[str], edges: Mapping[str, tuple[str, ...]]) -> set[str]:
    seen, queue = set(), list(start)
    while queue:
        for name in edges[queue.pop()]:
            if name not in seen:
                seen.add(name)
                queue.append(name)
    return seen
