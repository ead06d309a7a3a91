"""The state in a warehouse file: one of an earlier program is read, and brought up to date."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from warehouse.database import run
from warehouse.errors import WarehouseError
from warehouse.plan import state
from warehouse.plan.state import migrate, read_state

NODE = ("analysis.samples", "model", 1, "key", "own", "result", 7, 0.5, "b1", '{"a": "x"}', "{}")


@pytest.mark.parametrize("earlier", range(1, len(state.MIGRATIONS)))
def test_the_state_of_an_earlier_program_is_read_and_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: int
) -> None:
    path, fresh = tmp_path / "warehouse.duckdb", tmp_path / "fresh.duckdb"
    with duckdb.connect(str(path)) as connection, monkeypatch.context() as patched:
        patched.setattr(state, "MIGRATIONS", state.MIGRATIONS[:earlier])
        migrate(connection)
        run(connection, f"INSERT INTO _warehouse.nodes VALUES ({', '.join('?' * len(NODE))})", NODE)
    before = read_state(path)
    assert before.nodes[NODE[0]].fingerprint == "own"
    tables = (
        "SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY ALL"
    )
    with duckdb.connect(str(path)) as old, duckdb.connect(str(fresh)) as new:
        for connection in (old, new):
            migrate(connection)
            migrate(connection)
        assert run(old, tables) == run(new, tables)
    assert read_state(path) == before


def test_the_state_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        migrate(connection)
        run(connection, "INSERT INTO _warehouse.migrations VALUES (99)")
        with pytest.raises(WarehouseError, match="newer program") as refused:
            migrate(connection)
    assert "update this program" in refused.value.hint
