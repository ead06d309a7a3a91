"""What the published warehouse says: rows of a model's SQL, warnings that hold now."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from warehouse.database import open_read_only, run
from warehouse.errors import UsageError, WarehouseError
from warehouse.layout import Layout
from warehouse.models.model import Model
from warehouse.plan.project import Project
from warehouse.plan.state import published
from warehouse.settings import RUNTIME_ONLY


def rows_of(
    connection: duckdb.DuckDBPyConnection,
    model: Model,
    values: Mapping[str, object],
    *beside: str,
) -> list[dict[str, object]]:
    """Run a model's SQL; one dictionary per row. Of `values` its parameters are bound, and `beside`."""
    connection.execute(model.sql, {n: values[n] for n in (*model.parameters, *beside)} or None)
    names = [column[0] for column in connection.description]
    return [dict(zip(names, row, strict=True)) for row in connection.fetchall()]


def current_warnings(layout: Layout) -> list[str]:
    """What the warning audits say of the published warehouse, whichever build ran them last."""
    with open_read_only(layout.warehouse, unsafe=True) as connection:
        said = run(
            connection,
            "SELECT result FROM _warehouse.nodes WHERE kind = 'audit' AND rows > 0 ORDER BY node",
        )
    return [warning for (result,) in said for warning in result.splitlines()]


def changed_settings(project: Project) -> dict[str, tuple[object, object]]:
    """Settings that differ from those of the published build, as name → (its, these).

    Those that say how to work and never what comes out are left aside; none without a
    build, or with a file that cannot be read, of which the build itself says more.
    """
    try:
        with open_read_only(project.layout.warehouse, unsafe=True) as connection:
            before = published(connection).settings(project.data)
    except (WarehouseError, duckdb.Error):
        return {}
    changed = project.settings.changed(before.values)
    return {name: both for name, both in changed.items() if name not in RUNTIME_ONLY}


def compare_models(layout: Layout) -> list[tuple]:
    """Rows of analysis.model_comparison: per pair of embedding models how their figures differ.

    UsageError when the warehouse holds one model.
    """
    with open_read_only(layout.warehouse, [layout.vectors]) as connection:
        rows = run(
            connection,
            """SELECT model, other_model, measure, compared, rank_correlation, mean_difference,
                mean_difference_low, mean_difference_high, changed
            FROM analysis.model_comparison ORDER BY model, other_model, measure""",
        )
    if not rows:
        raise UsageError(
            "the warehouse holds one embedding model",
            'name another and build: embedding.beside = ["/path/to/model"] in warehouse.toml',
        )
    return rows
