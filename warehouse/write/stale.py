"""Which files do not hold the results of their models."""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.models.model import Model
from warehouse.plan import plan
from warehouse.plan.plan import Prepared
from warehouse.write import targets
from warehouse.write.kinds import kind_of


def stale_exports(prepared: Prepared, results: Mapping[str, str]) -> list[str]:
    """Short names of what is exported and whose published files don't hold what `results` says.

    `results`: node → hash. Nothing is opened: the record tells what was published, and whether it
    lies there as it did then (bytes, times of change).
    """
    return [
        short
        for short, name in targets.exportable(prepared.project.models).items()
        if name in results and is_stale(prepared, prepared.project.models[name], results)
    ]


def is_stale(prepared: Prepared, model: Model, results: Mapping[str, str]) -> bool:
    """Whether the model is exported, and its files are missing, changed, or hold another result."""
    if not (targets.find_ending(model) and targets.is_wanted(model, prepared.project.settings)):
        return False
    key = kind_of(model).key(model, results, prepared.project.settings)
    return prepared.plan.full or not prepared.exported.holds(
        prepared.project.layout, model.name, key
    )


def published_results(prepared: Prepared) -> dict[str, str]:
    """Node → result hash of the nodes that the plan leaves as they are."""
    skipped = {s.node for s in prepared.plan.steps if s.action == plan.SKIP}
    return {n: s.result for n, s in prepared.state.nodes.items() if n in skipped}
