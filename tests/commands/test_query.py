"""`query`: rows that stream, bounds, and files that are never put in the place of others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.conftest import ROOT
from tests.support.raw_tree import stage, write

HUGE = "SELECT range AS i FROM range(2_000_000_000)"


def cli(data: Path, *arguments: str) -> Result:
    done = CliRunner().invoke(main, ["--data", str(data), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = write(tmp_path_factory.mktemp("staged") / "data")
    stage(data, select=("+staging.files",))
    (data / "master").mkdir(exist_ok=True)
    (data / "master" / "features.parquet").write_bytes(b"master")
    (data / "notes.csv").write_text("mine")
    return data


@pytest.mark.parametrize("form", ["csv", "json", "jsonl"])
def test_rows_stream_so_that_two_thousand_million_take_no_memory(staged: Path, form: str) -> None:
    command = [sys.executable, "cli.py", "--data", str(staged), "query", HUGE, "--format", form]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        read = 0
        while read < 2_000_000:  # fifty thousand rows or more
            read += len(p.stdout.read(100_000))
        status = Path(f"/proc/{p.pid}/status").read_text()
        p.stdout.close()  # as `| head` does
        said = p.stderr.read().decode()
        assert p.wait() == 1
    peak = int(status.partition("VmHWM:")[2].split()[0])
    assert peak < 600_000, f"{peak} kB"
    assert said == ""


def test_a_table_shows_the_first_rows_and_says_so(staged: Path) -> None:
    done = cli(staged, "query", HUGE)
    assert done.stdout.splitlines()[-1] == "the first 200 rows; --limit N shows more"
    done = cli(staged, "query", HUGE, "--limit", "3")
    assert [line.strip() for line in done.stdout.splitlines()] == ["i", "0", "1", "2", "the first 3 rows; --limit N shows more"]  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet"])
def test_a_limit_holds_in_every_format(staged: Path, tmp_path: Path, form: str) -> None:
    import polars as pl

    out = tmp_path / f"rows.{form}"
    assert cli(staged, "query", HUGE, "--limit", "3", "-o", str(out)).exit_code == 0
    read = {"csv": pl.read_csv, "json": pl.read_json, "jsonl": pl.read_ndjson, "parquet": pl.read_parquet}  # fmt: skip
    assert read[form](out)["i"].to_list() == [0, 1, 2]


@pytest.mark.parametrize("value", ["INTERVAL 1 day", "union_value(a := 1)"])
def test_a_type_that_parquet_lacks_is_told_and_leaves_no_file(
    staged: Path, tmp_path: Path, value: str
) -> None:
    out = tmp_path / "rows.parquet"
    done = cli(staged, "query", f"SELECT {value} AS x", "-o", str(out))
    assert done.exit_code == 1
    assert done.stderr.startswith("error: parquet has no such type: ")
    assert not list(tmp_path.glob("*rows*"))
    cast = cli(staged, "query", f"SELECT ({value})::VARCHAR AS x", "-o", str(out))
    assert cast.exit_code == 0


@pytest.mark.parametrize("sql", ["DROP TABLE x", "INSERT INTO x VALUES (1)", "CREATE TABLE x (i INTEGER)"])  # fmt: skip
def test_the_hint_of_a_change_does_not_offer_what_is_refused_too(staged: Path, sql: str) -> None:
    assert "--unsafe" not in cli(staged, "query", sql).stderr
    assert "--unsafe" in cli(staged, "query", "SET threads = 1").stderr


def test_no_rows_are_an_empty_json_list(staged: Path) -> None:
    assert json.loads(cli(staged, "query", "SELECT 1 WHERE false", "--format", "json").stdout) == []


def test_more_than_half_of_the_memory_is_refused(staged: Path) -> None:
    sql = "SELECT current_setting('memory_limit') AS memory"
    said = json.loads(cli(staged, "query", sql, "--format", "json").stdout)[0]["memory"]
    number, unit = said.split()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert float(number) * 1024 ** " KMGT".index(unit[0]) <= total / 2 * 1.01


@pytest.mark.parametrize(
    "place",
    ["warehouse.duckdb", "warehouse.duckdb.wal", "warehouse.toml", "raw/new.jsonl", "master/features.parquet", "master/new.parquet", "vectors/x.parquet", ".build/files.json", "notes.csv"],
)  # fmt: skip
@pytest.mark.parametrize("command", ["query", "report", "feature"])
def test_an_output_never_takes_the_place_of_the_warehouses_files(
    staged: Path, command: str, place: str
) -> None:
    before = {p: p.read_bytes() if p.is_file() else None for p in staged.rglob("*")}
    arguments = {
        "query": ["query", "SELECT 1", "--format", "csv", "-o", str(staged / place)],
        "report": ["report", "-o", str(staged / place)],
        "feature": ["feature", "1", "--html", str(staged / place)],
    }[command]
    done = cli(staged, *arguments)
    assert done.exit_code in (1, 2) if command == "feature" else done.exit_code == 2
    assert {p: p.read_bytes() if p.is_file() else None for p in staged.rglob("*")} == before


def test_a_relative_path_and_a_link_are_followed_to_the_data_directory(
    staged: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(staged / "raw")
    done = cli(staged, "query", "SELECT 1", "-o", "../notes.csv")
    assert (done.exit_code, (staged / "notes.csv").read_text()) == (2, "mine")
    (tmp_path / "link").symlink_to(staged)
    done = cli(staged, "query", "SELECT 1", "-o", str(tmp_path / "link" / "notes.csv"))
    assert (done.exit_code, (staged / "notes.csv").read_text()) == (2, "mine")


def test_a_former_output_is_replaced_and_another_file_is_not(staged: Path, tmp_path: Path) -> None:
    out, code = tmp_path / "rows.csv", tmp_path / "analysis.py"
    for n in ("1", "2"):
        assert cli(staged, "query", f"SELECT {n} AS n", "-o", str(out)).exit_code == 0
    assert out.read_text() == "n\n2\n"
    code.write_text("print(1)")
    done = cli(staged, "query", "SELECT 1", "--format", "csv", "-o", str(code))
    assert (done.exit_code, code.read_text()) == (2, "print(1)")
    assert f'"{code}" exists already' in done.stderr


@pytest.mark.parametrize(
    "sql",
    ["EXPLAIN SELECT 1 WHERE 'a' LIKE '%copy%'", "explain analyze select 'copy' AS x", "/* copy */ EXPLAIN SELECT 'copy'"],
)  # fmt: skip
def test_the_word_copy_may_be_explained(staged: Path, sql: str) -> None:
    done = cli(staged, "query", sql)
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    "sql",
    [
        "EXPLAIN ANALYZE COPY (SELECT 1) TO 'DIR/out.csv'",
        "EXPLAIN /* SELECT */ ANALYZE COPY (SELECT 1) TO 'DIR/out.csv'",
        "/* /* */ EXPLAIN */ EXPLAIN ANALYZE COPY (SELECT 1) TO 'DIR/out.csv'",
        "EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO 'DIR/out.csv') SELECT 1",
        "/**/ -- EXPLAIN SELECT 1\nEXPLAIN ANALYZE SELECT 1; EXPLAIN ANALYZE COPY (SELECT 1) TO 'DIR/out.csv'",
        r"EXPLAIN ANALYZE WITH y AS (SELECT E'\''), x AS (COPY (SELECT 1) TO 'DIR/out.csv') SELECT 1",
    ],
)
def test_a_copy_is_not_run_under_explain(staged: Path, tmp_path: Path, sql: str) -> None:
    for room in (staged / "vectors", tmp_path):
        room.mkdir(exist_ok=True)
        assert cli(staged, "query", sql.replace("DIR", str(room))).exit_code == 1
        assert not (room / "out.csv").exists()
