"""A data directory in one screen: what is published, and what changed since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.look.history import Build, builds
from warehouse.look.inventory import read_ledger
from warehouse.look.published import changed_settings
from warehouse.plan.plan import SKIP, Plan
from warehouse.plan.project import Project
from warehouse.text import to_json


@dataclass(frozen=True)
class Status:
    """One data directory. `reasons`: why nodes would run → how many; `problem`: why that is unknown.

    `settings`: name → (the published build's, these); `sizes`: bytes on disk by name;
    `quarantined`: records by input.
    """

    data: str
    build: Build | None
    builds: int
    models: Sequence[str]
    settings: Mapping[str, tuple[object, object]]
    reasons: Mapping[str, int]
    problem: str
    sizes: Mapping[str, int]
    quarantined: Mapping[str, int]

    def json(self) -> str:
        """The structure as JSON."""
        return to_json(self)


def read_status(project: Project, plan: Plan | None, problem: str = "") -> Status:
    """What there is; `plan`: what a build would do, None with the `problem` why it cannot be known."""
    layout = project.layout
    there = layout.warehouse.exists()
    known = builds(layout) if there else []
    ledger = read_ledger(layout) if there else None
    todo = [step for step in plan.steps if step.action != SKIP] if plan else []
    first = Counter(s.reason for s in todo if not s.reason.startswith("after "))
    places = (layout.warehouse, layout.master, layout.vectors, layout.history)
    sizes = {place.name: _size(place) for place in places if place.exists()}
    return Status(
        str(project.data),
        known[-1] if known else None,
        len(known),
        project.settings.embedding_models,
        changed_settings(project),
        dict(first.most_common()),
        problem,
        sizes,
        {row[0]: row[6] for row in ledger.inputs if row[6]} if ledger else {},
    )


def _size(place: Path) -> int:
    files = place.rglob("*") if place.is_dir() else [place]
    return sum(path.stat().st_size for path in files if path.is_file())
