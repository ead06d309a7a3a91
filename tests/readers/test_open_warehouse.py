"""Other versions of DuckDB open the published warehouse, and read every table and view of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.readers.readers import OPENERS, Reader
from warehouse.database import run
from warehouse.plan.state import read_state
from warehouse.settings import BY_NAME

PROBE = Path(__file__).with_name("open_warehouse.py")


@cache
def opened(data: Path, environment: Path | None = None) -> dict[str, object]:
    """What the probe reads, started in the data directory, by the DuckDB of an environment."""
    path = {"PYTHONPATH": str(environment)} if environment else {}
    command = [sys.executable, *(["-S"] if environment else []), str(PROBE)]
    done = subprocess.run(
        command, cwd=data, env={**os.environ, **path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("reader", OPENERS, ids=lambda reader: reader.id)
def test_an_older_duckdb_reads_every_table_and_view(
    reader: Reader, sample: Path, request: pytest.FixtureRequest
) -> None:
    assert reader.installed, f"{reader.title} is not there; type: python -m tests.readers install"
    data = sample
    if reader.version.startswith("1.2"):  # older than the default
        data = request.getfixturevalue("copy")
        request.getfixturevalue("rebuild")(data, "storage_version=v1.2.0")
    found = opened(data, reader.environment)
    assert found == {**opened(data), "duckdb": reader.version}
    assert len(found["tables"]) == 9
    assert found["master.activation_embeddings"] > 0  # a view on the files of the vector store


def test_the_storage_version_is_a_setting_and_the_file_is_written_anew(copy: Path, rebuild) -> None:
    assert read_state(copy / "warehouse.duckdb").storage == BY_NAME["storage_version"].default
    before = _described(copy)
    report, ran = rebuild(copy, "storage_version=v1.5.0")
    assert (report.published, ran) == (True, [])
    assert read_state(copy / "warehouse.duckdb").storage == "v1.5.0"
    assert _described(copy) == before
    report, _ = rebuild(copy, "storage_version=v1.5.0")
    assert not report.published


def _described(data: Path) -> list[tuple]:
    """Every relation with its comment and its rows, keys too."""
    import duckdb

    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        tables = run(
            connection,
            """SELECT schema_name, table_name, comment, estimated_size, has_primary_key
            FROM duckdb_tables() WHERE schema_name <> '_warehouse' ORDER BY ALL""",
        )
        views = run(
            connection,
            "SELECT schema_name, view_name, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
        )
        columns = run(
            connection,
            "SELECT schema_name, table_name, column_name, data_type, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL",
        )
    return tables + views + columns
