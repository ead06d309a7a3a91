"""Models' SQL over tables made by hand, on an engine that holds the macros and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.database import run
from warehouse.models.library import load_all
from warehouse.run.macros import create_macros
from warehouse.settings import SETTINGS, Settings

MODELS = load_all()


def settings_of(**changed: object) -> Settings:
    """The default settings, some changed: `settings_of(**{"scope.features": "1-2"})`."""
    return Settings(Path(), {s.name: s.default for s in SETTINGS} | changed)


DEFAULTS = settings_of().parameters()


@contextmanager
def engine(*schemas: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The macros, and empty schemas of these names."""
    with duckdb.connect() as connection:
        create_macros(connection, {n: m for n, m in MODELS.items() if m.schema == "macros"})
        for schema in schemas:
            run(connection, f"CREATE SCHEMA {schema}")
        yield connection


def ask(db: duckdb.DuckDBPyConnection, expression: str, **values: object) -> object:
    return run(db, f"SELECT {expression}", values or None)[0][0]


def fill(db: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Sequence[tuple]) -> None:
    run(db, f"CREATE OR REPLACE TABLE {name} ({columns})")
    for row in rows:
        run(db, f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)


def make(db: duckdb.DuckDBPyConnection, *names: str, **chosen: object) -> None:
    """Make models' tables from the tables that they read, as a build does; `chosen`: parameters."""
    bound = DEFAULTS | chosen
    for name in names:
        run(db, f"CREATE OR REPLACE TABLE {name} AS {MODELS[name].filled(bound)}")
