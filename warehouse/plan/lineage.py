"""Where a model, or one of its columns, comes from: down to the raw files, by sqlglot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from warehouse.errors import UsageError, nearest
from warehouse.models.library import find
from warehouse.models.model import Model
from warehouse.plan.graph import Job, Node, build_graph
from warehouse.plan.state import FILE_COLUMNS
from warehouse.read.inputs import INPUTS

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class Lineage:
    """Edges from each reached node to what it is made of; `root` is where it starts.

    A node is a relation (`master.features`) or a column of one (`master.features.scores`).
    """

    root: str
    parents: Mapping[str, tuple[str, ...]]

    def text(self) -> str:
        """An indented tree; what was shown before is marked and not repeated."""
        seen: set[str] = set()

        def lines(name: str, depth: int) -> Iterator[str]:
            known = name in seen and self.parents.get(name)
            yield "  " * depth + name + (" …" if known else "")
            if name not in seen:
                seen.add(name)
                for parent in self.parents.get(name, ()):
                    yield from lines(parent, depth + 1)

        return "\n".join(lines(self.root, 0))

    def mermaid(self) -> str:
        """A Mermaid flow chart, raw files to the left."""
        names = sorted({self.root, *self.parents, *(p for ps in self.parents.values() for p in ps)})
        ids = {name: f"n{place}" for place, name in enumerate(names)}
        nodes = [f'    {ids[name]}["{name}"]' for name in names]
        edges = [f"    {ids[p]} --> {ids[n]}" for n in names for p in self.parents.get(n, ())]
        return "\n".join(["flowchart LR", *nodes, *edges])

    def json(self) -> str:
        return json.dumps({"root": self.root, "parents": self.parents}, indent=2)


@dataclass(frozen=True)
class Tracer:
    """Lineage over the models; columns of relations are found by parsing, no warehouse is needed."""

    models: Mapping[str, Model]
    jobs: Sequence[Job]
    _traced: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    _qualified: dict[str, exp.Expr] = field(default_factory=dict)  # the models' SQL

    @cached_property
    def graph(self) -> dict[str, Node]:
        return build_graph(self.models, self.jobs)

    @cached_property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Relation → its columns, in order."""
        from sqlglot import MappingSchema, exp, parse_one
        from sqlglot.optimizer.qualify import qualify

        found = {n: i.columns for n, i in INPUTS.items()}
        found |= {job.name: tuple(job.columns) for job in self.jobs}
        found["_warehouse.files"] = FILE_COLUMNS
        schema = MappingSchema(dialect="duckdb")

        def know(name: str, columns: Sequence[str]) -> None:
            # Types play no part in lineage.
            schema.add_table(name, dict.fromkeys(columns, "VARCHAR"), dialect="duckdb")

        for name, columns in found.items():
            know(name, columns)
        for node in self.graph.values():
            if node.kind == "model":
                tree = parse_one(node.model.sql, read="duckdb")
                if tree.find(exp.Pivot):  # its other columns are named by the data
                    found[node.name] = node.model.key
                else:
                    qualified = qualify(tree, schema=schema, dialect="duckdb", identify=False)
                    self._qualified[node.name] = qualified
                    found[node.name] = tuple(qualified.named_selects)
                know(node.name, found[node.name])
        return found

    def of(self, name: str) -> Lineage:
        """Lineage of a model (`master.features`, `features`) or a column (`features.scores`)."""
        relations = [n for n in self.graph if self.graph[n].kind != "audit"]
        for candidate, column in ((name, ""), name.rpartition(".")[::2]):
            found = find(candidate, relations)
            if found:
                return (
                    self._of_column(found, column)
                    if column
                    else Lineage(found, self._of_relations(found))
                )
        known = [*relations, *(n.partition(".")[2] for n in relations)]
        near = nearest(name, known)
        raise UsageError(
            f'"{name}" is no model and no column of one',
            f'did you mean "{near}"?' if near else "python cli.py models list",
        )

    def _of_relations(self, root: str) -> dict[str, tuple[str, ...]]:
        reached, queue = {}, [root]
        while queue:
            name = queue.pop()
            if name not in reached:
                reached[name] = self.graph[name].parents
                queue += reached[name]
        return reached

    def _of_column(self, relation: str, column: str) -> Lineage:
        if column not in self.columns[relation]:
            near = nearest(column, list(self.columns[relation]))
            raise UsageError(
                f'"{relation}" has no column "{column}"',
                f'did you mean "{near}"?'
                if near
                else "columns: " + ", ".join(self.columns[relation]),
            )
        reached: dict[str, tuple[str, ...]] = {}
        queue = [(relation, column)]
        while queue:
            owner, name = queue.pop()
            full = f"{owner}.{name}"
            if full not in reached:
                parents = self._column_parents(owner, name)
                reached[full] = tuple(f"{o}.{n}" if n else o for o, n in parents)
                queue += [(o, n) for o, n in parents if n]
        return Lineage(f"{relation}.{column}", reached)

    def _column_parents(self, relation: str, column: str) -> list[tuple[str, str]]:
        """(relation, column) pairs; a job's or a row count's parents are whole relations."""
        key = (relation, column)
        if key not in self._traced:
            self._traced[key] = self._trace(relation, column)
        return self._traced[key]

    def _trace(self, relation: str, column: str) -> list[tuple[str, str]]:
        from sqlglot import exp
        from sqlglot.lineage import lineage
        from sqlglot.optimizer.scope import build_scope

        node = self.graph.get(relation)
        if node is None or node.kind == "source":
            return []
        if node.kind == "job" or self.columns[relation] == node.model.key:
            return [(parent, "") for parent in node.parents]
        tree = self._qualified[relation]
        traced = lineage(column, tree, {}, dialect="duckdb", scope=build_scope(tree), copy=False)
        found = set()
        for step in traced.walk():
            if not step.downstream and isinstance(step.source, exp.Table) and step.source.db:
                owner = f"{step.source.db}.{step.source.name}"
                name = step.name.rpartition(".")[2].strip('"')
                found.add((owner, name if name in self.columns.get(owner, ()) else ""))
        return sorted(found)
