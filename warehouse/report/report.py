"""The report: one page on what was built and what the results are, from the published warehouse alone.

Each plot is a query under `sql/report/` that bins in SQL, and a function here that draws its rows;
the page shows the SQL that was run. The figures are those of the settings of the last build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from warehouse.database import failing_as, open_read_only
from warehouse.errors import UsageError, WarehouseError
from warehouse.look.published import current_warnings, rows_of
from warehouse.models.model import Model
from warehouse.pages import page, save
from warehouse.plan.project import Project
from warehouse.plan.state import published
from warehouse.report.figures import SECTIONS, Panel, Plot, Rows, pivot
from warehouse.report.graph_picture import above, lay_out
from warehouse.settings import Settings


@dataclass(frozen=True)
class Figure:
    """A question, the query that answers it, and its pictures; or why there are none."""

    title: str
    note: str
    model: Model
    sql: str
    panels: Sequence[Panel] = ()
    problem: str = ""


def write(project: Project, output: Path | None = None) -> Path:
    """Write the report of a data directory's published warehouse (default: DIR/report.html).

    The file appears whole or not at all. UsageError: no such directory, or not writable.
    WarehouseError: there is no warehouse.
    """
    if not project.data.is_dir():
        raise UsageError(f'data directory "{project.data}" does not exist', "--data DIR")
    target = output or project.data / "report.html"
    save(render(project), target)
    return target


def render(project: Project) -> str:
    """The report's page as text. Reads the published warehouse, changes nothing."""
    layout = project.layout
    with open_read_only(layout.warehouse, [layout.vectors]) as connection:
        queries = reader(connection, project)
        facts = {
            name: queries.table(name)
            for name in ("totals", "builds", "inputs", "quarantine_reasons", "named_features")
        }
        values = queries.settings
        return page(
            "report.html",
            totals=facts["totals"][0],
            build=facts["builds"][0],
            inputs=facts["inputs"],
            reasons=facts["quarantine_reasons"],
            named=facts["named_features"],
            warnings=current_warnings(layout),
            changed=[(n, json.dumps(now), json.dumps(default)) for n, (default, now) in values.changed({}).items()],
            settings=[(n, json.dumps(v)) for n, v in values.values.items()],
            medians=pivot(queries.table("score_medians")),
            medians_sql=queries.shown("score_medians"),
            sections=[(heading, [queries.figure(plot) for plot in plots]) for heading, plots in SECTIONS.items()],
            graph=queries.graph(),
            shown={name: queries.shown(name) for name in facts},
        )  # fmt: skip


def reader(connection: duckdb.DuckDBPyConnection, project: Project) -> Queries:
    """The queries of a published warehouse, under the settings of its last build."""
    return Queries(connection, project.models, published(connection).settings(project.data))


@dataclass(frozen=True)
class Queries:
    """Runs queries of `sql/report/` on one connection."""

    connection: duckdb.DuckDBPyConnection
    models: Mapping[str, Model]
    settings: Settings

    def table(self, name: str) -> Rows:
        """A query's rows. WarehouseError: it reads what is not there."""
        model = self.models[f"report.{name}"]
        hint = "bring the warehouse up to this program: python cli.py build"
        kinds = (duckdb.CatalogException, duckdb.BinderException)
        with failing_as(f'"{model.name}" cannot be drawn', hint, kinds):
            return rows_of(self.connection, model, self.settings.parameters())

    def shown(self, name: str) -> Figure:
        """The query as it was run, for a table: no pictures."""
        model = self.models[f"report.{name}"]
        return Figure(name, "", model, model.filled(self.settings.parameters()))

    def figure(self, plot: Plot) -> Figure:
        figure = replace(self.shown(plot.query), title=plot.title, note=plot.note)
        try:
            rows = self.table(plot.query)
        except WarehouseError as error:  # a part was never built: the others stay
            return replace(figure, problem=error.message)
        if not rows:
            return replace(figure, problem=plot.empty)
        return replace(figure, panels=plot.draw(rows))

    def graph(self) -> dict[str, object]:
        """The picture of the nodes, with what each box tells."""
        rows = self.table("model_graph")
        parents = {r["node"]: r["parents"] for r in rows}
        masters = [name for name in parents if name.startswith("master.")]
        pictures = [lay_out(above(parents, masters)), lay_out(parents)]
        return {"pictures": pictures, "nodes": {r["node"]: r for r in rows}, "rows": rows, "query": self.shown("model_graph")}  # fmt: skip
