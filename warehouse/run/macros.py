"""What SQL needs before a model runs: the schemas and the macros."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from warehouse.database import run
from warehouse.models.model import Model
from warehouse.models.schemas import SCHEMAS


def create_schemas(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the schemas that models lie in."""
    for name, schema in SCHEMAS.items():
        if schema.stored:
            run(connection, f"CREATE SCHEMA IF NOT EXISTS {name}")


def create_macros(connection: duckdb.DuckDBPyConnection, macros: Mapping[str, Model]) -> None:
    """(Re)create every macro, those first that others call."""
    done: set[str] = set()

    def create(name: str) -> None:
        if name in done:
            return
        done.add(name)
        for other in macros:
            if other != name and other.partition(".")[2] in macros[name].words:
                create(other)
        run(connection, macros[name].sql)

    for name in macros:
        create(name)
