"""What `SHOW TABLES` shows in any DuckDB shell: views in `main` of what people look at first."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from warehouse.database import run
from warehouse.models.model import Model
from warehouse.sqltext import identifier, literal

_BESIDE = ("analysis.feature_overview",)  # the masters' nearest neighbour: a row per feature


def create_front(connection: duckdb.DuckDBPyConnection, models: Mapping[str, Model]) -> None:
    """(Re)create the views: `main.features` is `master.features`, and so on.

    A view keeps the columns that it was created with, so every build makes them anew. Of `models`
    those have one that the file holds.
    """
    here = "database_name = current_database() AND schema_name"
    there = {
        name
        for (name,) in run(
            connection,
            f"""SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE {here} <> 'main'
            UNION ALL
            SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE {here} <> 'main'""",
        )
    }
    former = run(
        connection, f"SELECT view_name FROM duckdb_views() WHERE NOT internal AND {here} = 'main'"
    )
    for (name,) in former:
        run(connection, f"DROP VIEW {identifier(f'main.{name}')}")
    for model in models.values():
        if model.name in there and (model.schema == "master" or model.name in _BESIDE):
            view = identifier("main." + model.name.partition(".")[2])
            run(connection, f"CREATE VIEW {view} AS FROM {identifier(model.name)}")
            run(connection, f"COMMENT ON VIEW {view} IS {literal(model.description)}")
