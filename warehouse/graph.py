"""The graph: sources, SQL models, jobs and audits, each with the nodes it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from warehouse.errors import UsageError, WarehouseError, nearest
from warehouse.models import Model, find
from warehouse.read import delphi_cache

# Inputs as relations of the schema `raw`: they exist while a build reads files, and only then.
SOURCES: dict[str, tuple[str, ...]] = {
    "raw.activations": ("file", "line", "text", "problem"),  # lines of the activation records
    "raw.activation_ids": ("file", "line", "text", "problem"),  # v1 batches read beside v2 ones
    "raw.record_prompts": (
        "file",
        "line",
        "text",
        "problem",
    ),  # the records, if they hold the prompts
    "raw.prompts": ("file", "line", "text", "problem"),  # items of the prompts' array
    "raw.explanations": ("file", "source", "method", "text", "problem"),  # whole files from here on
    "raw.scores": ("file", "source", "method", "text", "problem"),
    "raw.score_items": ("file", "line", "text", "problem"),  # the same files, item by item
    "raw.run_configs": ("file", "source", "method", "text", "problem"),
    "raw.latents": delphi_cache.COLUMNS,  # a row per latent of a latents cache
    "raw.latent_prompts": delphi_cache.PROMPT_COLUMNS,  # the prompts of the cache
    "raw.firing_counts": delphi_cache.FIRING_COLUMNS,
    "raw.sparsity": delphi_cache.SPARSITY_COLUMNS,  # SAELens' share of firing tokens
    "raw.exports": ("file", "source", "method", "text", "problem"),  # source.jsonl of an export
    "raw.figure_lines": ("file", "line", "text", "problem"),  # own figures, JSON lines
    "raw.figure_tables": ("file", "line", "text", "problem"),  # own figures, rows of CSV and Parquet
    "raw.export_features": ("file", "line", "text", "problem"),
    "raw.export_explanations": ("file", "line", "text", "problem"),
    "raw.sources": ("source",),  # names of the source directories
    "raw.decoder": ("weights",),  # weights: read by a job, not by SQL
}

# Models that no build runs: functions of all models, and what `calibrate`, `feature` and `report` ask
# of a warehouse.
NOT_BUILT = ("macros", "latents", "calibration", "cards", "report")


@dataclass(frozen=True)
class Node:
    """A node of the graph. `kind`: source, model, job, audit. `model` for models and audits."""

    name: str
    kind: str
    parents: tuple[str, ...]
    model: Model | None = None


def build_graph(
    models: Mapping[str, Model], jobs: Mapping[str, tuple[str, ...]]
) -> dict[str, Node]:
    """All nodes by name in an order in which parents come first and audits as early as they can.

    `jobs`: name → the relations it reads. WarehouseError: a relation nobody makes, or a cycle.
    """
    nodes = {name: Node(name, "source", ()) for name in SOURCES}
    nodes |= {name: Node(name, "job", reads) for name, reads in jobs.items()}
    for name, model in models.items():
        if model.schema in NOT_BUILT:
            continue
        # `_warehouse.*` is the build's own state: always there, never a reason to run.
        parents = tuple(sorted(r for r in model.relations if not r.startswith("_warehouse.")))
        nodes[name] = Node(name, "audit" if model.schema == "audits" else "model", parents, model)
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
    """Parents first. Of the nodes that are ready, by name:

    audits and what is read from raw files, so that a broken input is reported before hours of
    embedding; with them what is exported, as files are written beside what follows; then jobs,
    since vectors are the most to write; then the analysis.
    """
    first = ("source", "audit", "master", "side", "staging", "quarantine", "texts", "job")

    def rank(name: str) -> int:
        kind = nodes[name].model.schema if nodes[name].kind == "model" else nodes[name].kind
        return first.index(kind) if kind in first else len(first)

    sorter = TopologicalSorter({name: node.parents for name, node in nodes.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise WarehouseError(f"models read each other in a circle: {' → '.join(error.args[1])}") from None  # fmt: skip
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
