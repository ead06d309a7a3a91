"""Which files do not hold what their models came out as."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from warehouse.database import open_read_only
from warehouse.models.model import Model
from warehouse.plan import plan
from warehouse.plan.plan import Prepared
from warehouse.write import targets
from warehouse.write.json_files import is_current


def stale_exports(prepared: Prepared, results: Mapping[str, str]) -> list[str]:
    """Masters and side models of the published warehouse whose files don't hold what `results` says.

    `results`: node → hash.
    """
    if not prepared.layout.warehouse.exists():
        return []
    with open_read_only(prepared.layout.warehouse, unsafe=True) as connection:
        return [
            short
            for short, name in targets.exportable(prepared.models).items()
            if name in results
            and is_stale(prepared, prepared.models[name], results[name], connection)
        ]


def is_stale(
    prepared: Prepared, model: Model, result: str, connection: duckdb.DuckDBPyConnection
) -> bool:
    """Whether the model is exported, and its files are missing or hold another result."""
    if model.schema == "backend" and not prepared.settings["export.backend"]:
        return False
    if model.is_typed:
        path = prepared.layout.data / targets.find_place(model, targets.find_sae(connection))
        if model.file and not targets.count_rows(connection, model):
            return path.exists()
        return not targets.is_current(path, targets.export_key(model, result, prepared.settings))
    if model.schema == "side":
        return not is_current(connection, model, result, prepared.layout.data)
    return False


def published_results(prepared: Prepared) -> dict[str, str]:
    """Node → result hash of the nodes that the plan leaves as they are."""
    skipped = {s.node for s in prepared.plan.steps if s.action == plan.SKIP}
    return {n: s.result for n, s in prepared.state.nodes.items() if n in skipped}
