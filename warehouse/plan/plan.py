"""What a build would do and why, as data. `plan` prints it, `build` executes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import duckdb

from warehouse.models.library import macros_used
from warehouse.models.model import Model
from warehouse.plan.exported import ExportRecord
from warehouse.plan.graph import JobIdentity, Node
from warehouse.plan.project import Project
from warehouse.plan.state import NodeState, State
from warehouse.read.content import InputFile
from warehouse.read.inputs import INPUTS, feeding, source_keys
from warehouse.settings import BY_NAME, RUNTIME_ONLY, Settings
from warehouse.sqltext import digest

RUN, CHECK, SKIP = "run", "check", "skip"


@dataclass(frozen=True)
class Step:
    """One node of a plan. check = run, unless what it reads comes out as it was."""

    node: str
    kind: str
    action: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """The steps in order, and what the build needs to execute them."""

    steps: tuple[Step, ...]
    files: tuple[InputFile, ...]
    sources: Mapping[str, str]  # source node → content key
    fingerprints: Mapping[str, str]  # node → key without parents
    bound: Mapping[str, Mapping[str, object]]  # node → the settings that it uses
    full: bool = False


def make_plan(
    project: Project,
    files: Sequence[InputFile],
    state: State,
    selected: frozenset[str] | None = None,
    full: bool = False,
) -> Plan:
    """Compare every node with the published state; no side effects.

    `selected` limits the build to those nodes.
    """

    def identify(name: str) -> JobIdentity:
        return project.jobs[name].identify(project.settings, project.layout)

    macros = project.macros
    sources = source_keys(files)
    results: dict[str, str | None] = dict(sources)
    fingerprints: dict[str, str] = {}
    bound: dict[str, Mapping[str, object]] = {}
    steps: list[Step] = []
    for node in project.graph.values():
        if node.kind == "source":
            continue
        identity = _identity(node, macros, project.settings, identify)
        fingerprints[node.name], bound[node.name] = identity.fingerprint, identity.settings
        before, stands = state.nodes.get(node.name), False
        if selected is not None and not _is_selected(node, selected, state):
            action, reason, stands = SKIP, "not selected", True
        elif full:
            action, reason = RUN, "--full"
        else:
            action, reason, stands = _compare(node, before, identity, results, files, state)
        results[node.name] = before.result if before and stands else None
        steps.append(Step(node.name, node.kind, action, reason))
    return Plan(tuple(steps), tuple(files), sources, fingerprints, bound, full=full)


def _is_selected(node: Node, selected: frozenset[str], state: State) -> bool:
    """Selected by name; an audit also when it can run and checks something that was."""
    if node.kind != "audit" or node.name in selected:
        return node.name in selected
    there = selected | state.nodes.keys() | INPUTS.keys()
    return any(p in selected for p in node.parents) and all(p in there for p in node.parents)


def node_key(fingerprint: str, parents: Mapping[str, str]) -> str:
    """A node's key: its own fingerprint and the results of its parents."""
    return digest(fingerprint, *(f"{name}={result}" for name, result in sorted(parents.items())))


def _identity(
    node: Node,
    macros: Mapping[str, Model],
    settings: Settings,
    identify: Callable[[str], JobIdentity],
) -> JobIdentity:
    """What decides a node's result besides its parents."""
    if node.kind == "job":
        return identify(node.name)
    used = macros_used(node.model, macros)
    names = node.model.parameters.union(*(m.parameters for m in used))
    names |= {BY_NAME[s].parameter for p in node.parents if p in INPUTS for s in INPUTS[p].settings}
    bound = {
        s.name: settings[s.name]
        for s in BY_NAME.values()
        if s.parameter in names and s.name not in RUNTIME_ONLY
    }
    parts = [node.model.fingerprint, *(m.fingerprint for m in used), duckdb.__version__]
    return JobIdentity(digest(*parts, *(f"{k}={v!r}" for k, v in bound.items())), bound)


def _compare(
    node: Node,
    before: NodeState | None,
    identity: JobIdentity,
    results: Mapping[str, str | None],
    files: Sequence[InputFile],
    state: State,
) -> tuple[str, str, bool]:
    """What to do with a node, why, and whether its result stands, as far as is known."""
    if before is None:
        return RUN, "new", False
    if identity.fingerprint != before.fingerprint:
        return RUN, _logic_reason(node, before, identity.settings), False
    waiting = [p for p in node.parents if results[p] is None]
    changed = [p for p in node.parents if results[p] and results[p] != before.parents.get(p)]
    if changed:
        return RUN, change_reason(changed, files, state), False
    if identity.place != before.place:
        return RUN, "the data directory was moved", not waiting
    if waiting:
        return CHECK, "after " + ", ".join(waiting), False
    return SKIP, "unchanged", True


def _logic_reason(node: Node, before: NodeState, bound: Mapping[str, object]) -> str:
    changes = [
        f"settings.{name} {before.settings.get(name)!r} → {value!r}"
        for name, value in bound.items()
        if before.settings.get(name) != value
    ]
    if changes:
        return "; ".join(changes)
    if node.model and node.model.version != before.version:
        return f"version {before.version} → {node.model.version}"
    return (
        "its SQL, a macro or the engine changed" if node.model else "its model or program changed"
    )


def change_reason(parents: Sequence[str], files: Sequence[InputFile], state: State) -> str:
    """Why the results of parents differ, in words: '3 files changed in raw/llama_e-llama_s/scores/fuzz'.

    Inputs may read the same files: each file is counted once.
    """
    differing: dict[str, str] = {}
    others = []
    for parent in parents:
        found = _differing_files(parent, files, state) if parent in INPUTS else {}
        differing |= found
        others += [] if found else [f"{parent} changed"]
    groups = Counter((str(PurePosixPath(name).parent), verb) for name, verb in differing.items())
    parts = [
        f"{count} file{'s' if count > 1 else ''} {verb} in {directory}"
        for (directory, verb), count in sorted(groups.items())
    ]
    told = ", ".join(parts[:3]) + (f" and {len(parts) - 3} more" if len(parts) > 3 else "")
    return "; ".join([*([told] if told else []), *others])


def _differing_files(relation: str, files: Sequence[InputFile], state: State) -> dict[str, str]:
    """Names of the files behind a `raw.*` relation that are new, gone or changed, with that word."""
    now = {f.name: f.hash for f in feeding(relation, files)}
    old = {f.name: f.hash for f in feeding(relation, state.files.values())}
    return {
        name: "new" if name not in old else "gone" if name not in now else "changed"
        for name in now.keys() | old.keys()
        if now.get(name) != old.get(name)
    }


@dataclass(frozen=True)
class Prepared:
    """Everything a build starts from: a project, what it published, and what is to be done."""

    project: Project
    state: State
    plan: Plan
    exported: ExportRecord

    @property
    def storage_change(self) -> str:
        """'v2.0.0 → v1.2.0' when the file has another storage version than the settings ask for."""
        old, new = self.state.storage, str(self.project.settings["storage_version"])
        return f"{old} → {new}" if old and old != new else ""
