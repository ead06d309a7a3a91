"""A data directory that was moved or copied: its own vectors are read, never those of the original."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from warehouse.database import DATA, open_read_only, run, second
from warehouse.errors import WarehouseError
from warehouse.look.query import opened
from warehouse.plan.project import Project

SQL = "SELECT count(*), sum(list_sum(embeddings[1])) FROM master.activation_embeddings"


@pytest.fixture
def moved(sample: Path, tmp_path: Path) -> Path:
    """A copy of the built sample that no build has seen since."""
    return Path(shutil.copytree(sample, tmp_path / "there", ignore=shutil.ignore_patterns("raw")))


def test_query_reads_the_copy_s_own_vectors(moved: Path, connection) -> None:
    with opened(Project(moved), SQL) as (_, rows):
        assert list(rows) == run(connection, SQL)
    shutil.rmtree(moved / "vectors")  # the original's are still there
    with (
        pytest.raises(WarehouseError, match=f'pattern "{moved}/vectors/') as raised,
        opened(Project(moved), SQL),
    ):
        pass
    assert "bring the data directory's vectors/ along" in raised.value.hint


def test_a_second_connection_reads_the_same_directory(moved: Path, connection) -> None:
    with (
        open_read_only(moved / "warehouse.duckdb", [moved / "vectors"]) as first,
        second(first) as other,
    ):
        assert run(other, SQL) == run(connection, SQL)


def test_a_plain_shell_reads_a_directory_that_was_moved_once_it_is_told_where(
    copy: Path, connection
) -> None:
    moved = copy.rename(copy.with_name("there"))
    with duckdb.connect(str(moved / "warehouse.duckdb"), read_only=True) as shell:
        with pytest.raises(duckdb.IOException, match=f'pattern "{copy}/vectors/'):
            run(shell, SQL)
        run(shell, f"SET VARIABLE {DATA} = '{moved}'")
        assert run(shell, SQL) == run(connection, SQL)


def test_a_plain_shell_says_that_the_directory_was_copied_and_what_to_type(
    moved: Path, connection
) -> None:
    with duckdb.connect(str(moved / "warehouse.duckdb"), read_only=True) as shell:
        with pytest.raises(duckdb.InvalidInputException, match=f"SET VARIABLE {DATA} = "):
            run(shell, SQL)
        assert run(shell, "SELECT count(*) FROM features")  # all that reads no vectors
        run(shell, f"SET VARIABLE {DATA} = '{moved}'")
        assert run(shell, SQL) == run(connection, SQL)
