"""Hostile SQL, names and settings: a query only reads, no text is ever run as SQL, -o is whole."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.support.raw_tree import STAGED, explanation, query, score, stage, write
from warehouse.layout import Layout
from warehouse.models.library import load_all

# A text that ends every quote it may stand in, and would leave a table behind where it ran.
HOSTILE = """a'); CREATE TABLE main.owned (x INTEGER); --"*;$x{y}[z]%s\\"""


def cli(data: Path, *arguments: str) -> Result:
    """The command line in this process; an exception that is no exit is a traceback."""
    done = CliRunner().invoke(main, ["--data", str(data), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published warehouse with a file in its vector store, the one place a query may read."""
    data = write(tmp_path_factory.mktemp("staged") / "data")
    stage(data, select=("+staging.files",))
    (data / "vectors").mkdir()
    (data / "vectors" / "part.csv").write_text("a\n1\n")
    return data


def tree(directory: Path) -> dict[Path, bytes | None]:
    """Every file below a directory with its bytes."""
    return {p: p.read_bytes() if p.is_file() else None for p in directory.rglob("*")}


# ------------------------------------------------------------------------------------------ queries


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        pytest.param("SELCT 1", 'syntax error at or near "SELCT"', id="a syntax error"),
        pytest.param("SELECT * FROM staging.flies", "flies", id="an unknown relation"),
        pytest.param("SELECT nothing FROM staging.files", '"nothing"', id="an unknown column"),
    ],
)
def test_a_query_that_fails_says_what_duckdb_says(staged: Path, sql: str, error: str) -> None:
    done = cli(staged, "query", sql)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the query failed: ")
    assert error in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[-1].startswith("hint: ")


# SECRET: a file elsewhere; OUT: a place elsewhere; VECTORS: the vector store.
MORE_THAN_READING = {
    "creates a table": "CREATE TABLE staging.more (x INTEGER)",
    "creates a temporary table": "CREATE TEMP TABLE more AS SELECT 1",
    "creates a macro": "CREATE TEMP MACRO f(x) AS x",
    "replaces a view": "CREATE OR REPLACE VIEW staging.files AS SELECT 1",
    "inserts": "INSERT INTO _warehouse.builds SELECT * FROM _warehouse.builds",
    "inserts in a WITH": "WITH x AS (INSERT INTO _warehouse.builds SELECT * FROM _warehouse.builds RETURNING *) SELECT 1",
    "deletes": "DELETE FROM _warehouse.files",
    "updates": "UPDATE _warehouse.files SET name = ''",
    "drops": "DROP TABLE staging.score_records",
    "drops behind a SELECT": "SELECT 1; DROP TABLE staging.score_records",
    "alters": "ALTER TABLE _warehouse.files ADD COLUMN more INTEGER",
    "attaches a file": "ATTACH 'OUT' AS other",
    "attaches a file of the vector store": "ATTACH 'VECTORS/new.duckdb' AS other",
    "attaches a database in memory": "ATTACH ':memory:' AS other",
    "detaches": "DETACH warehouse",
    "copies into a file": "COPY (SELECT 1) TO 'OUT'",
    "copies into a file of the vector store": "COPY (SELECT 1) TO 'VECTORS/part.csv'",
    "copies from a file": "COPY _warehouse.files FROM 'SECRET'",
    "copies in a WITH": "WITH x AS (COPY (SELECT 1) TO 'VECTORS/part.csv') SELECT 1",
    "copies in a WITH of a PIVOT": "WITH x AS (COPY (SELECT 1) TO 'VECTORS/part.csv') PIVOT (SELECT 1 AS a, 'x' AS b) ON b USING sum(a)",
    "copies as it explains": "EXPLAIN ANALYZE COPY (SELECT 1) TO 'VECTORS/part.csv'",
    "copies in a WITH as it explains": "EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO 'VECTORS/part.csv') SELECT 1",
    "copies in odd letters and comments": "wItH x AS (/**/cOpY/**/ (SELECT 1) TO 'VECTORS/part.csv') SELECT 'copy'",
    "prepares a copy": "PREPARE p AS COPY (SELECT 1) TO 'VECTORS/part.csv'; EXECUTE p",
    "exports the database": "EXPORT DATABASE 'OUT'",
    "exports the database into the vector store": "EXPORT DATABASE 'VECTORS/dump'",
    "imports a database": "IMPORT DATABASE 'VECTORS'",
    "reads a CSV file": "SELECT * FROM read_csv('SECRET')",
    "reads a text file": "SELECT * FROM read_text('SECRET')",
    "reads a file's bytes": "SELECT * FROM read_blob('SECRET')",
    "reads a JSON file": "SELECT * FROM read_json('SECRET')",
    "reads a parquet file": "SELECT * FROM read_parquet('SECRET')",
    "reads a parquet file's footer": "SELECT * FROM parquet_metadata('SECRET')",
    "reads another warehouse": "SELECT * FROM read_duckdb('SECRET')",
    "sniffs a file": "SELECT * FROM sniff_csv('SECRET')",
    "reads a file by its name": "SELECT * FROM 'SECRET'",
    "reads a file past the vector store": "SELECT * FROM read_csv('VECTORS/../../secret.csv')",
    "reads the environment's file": "SELECT * FROM read_text('/proc/self/environ')",
    "reads a page of the web": "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
    "reads a table by a function": "SELECT * FROM query('SELECT * FROM read_csv(''SECRET'')')",
    "asks for the environment": "SELECT getenv('HOME')",
    "lists files": "SELECT * FROM glob('/*')",
    "lists secrets": "SELECT * FROM duckdb_secrets()",
    "makes a secret": "CREATE SECRET s (TYPE s3)",
    "installs an extension": "INSTALL httpfs",
    "installs an extension by force": "FORCE INSTALL httpfs",
    "loads an extension": "LOAD 'SECRET'",
    "updates extensions": "UPDATE EXTENSIONS",
    "opens the outside": "SET enable_external_access = true",
    "opens a directory": "SET allowed_directories = ['/']",
    "changes a setting": "SET threads = 1",
    "changes a setting by a pragma": "PRAGMA threads = 1",
    "changes a setting behind a SELECT": "SELECT 1; SET threads = 1",
    "resets a setting": "RESET threads",
    "writes a profile": "PRAGMA profiling_output = 'OUT'",
    "writes a log": "SELECT * FROM enable_logging(storage = 'file', storage_config = {'path': 'OUT'})",
    "calls": "CALL enable_logging()",
}


@pytest.mark.parametrize("sql", MORE_THAN_READING.values(), ids=MORE_THAN_READING)
def test_a_query_can_not_write_nor_reach_outside(staged: Path, sql: str) -> None:
    secret, out = staged.parent / "secret.csv", staged.parent / "out"
    secret.write_text("a\nkeep this\n")
    before = tree(staged.parent)
    for word, path in {"SECRET": secret, "OUT": out, "VECTORS": staged / "vectors"}.items():
        sql = sql.replace(word, str(path))
    done = cli(staged, "query", sql)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the query failed: ")
    assert "keep this" not in done.stderr
    assert tree(staged.parent) == before


READING = {
    "FROM first": "FROM staging.files LIMIT 1",
    "a WITH": "WITH x AS (SELECT 1 AS a) FROM x",
    "a semicolon at the end": "SELECT 1; -- that is all",
    "VALUES": "VALUES (1)",
    "DESCRIBE": "DESCRIBE staging.files",
    "SHOW": "SHOW ALL TABLES",
    "SUMMARIZE": "SUMMARIZE staging.files",
    "PIVOT": "PIVOT (SELECT 1 AS a, 'x' AS b) ON b USING sum(a)",
    "EXPLAIN": "EXPLAIN ANALYZE SELECT 1",
    "the word copy": "SELECT 'copy' AS \"copy\" WHERE 'a copy' LIKE '%copy%'",
    "a table function": "FROM pragma_table_info('staging.files')",
    "the vector store": "FROM read_csv('VECTORS/part.csv')",
}


@pytest.mark.parametrize("sql", READING.values(), ids=READING)
def test_a_query_that_only_reads_gives_its_rows(staged: Path, sql: str) -> None:
    sql = sql.replace("VECTORS", str(staged / "vectors"))
    done = cli(staged, "query", sql, "--format", "jsonl")
    assert done.exit_code == 0, done.stderr
    assert all(json.loads(line) for line in done.stdout.splitlines())


@pytest.mark.parametrize(("sql", "output"), [("-- nothing", ""), (" ", ""), ("/**/", "x.parquet")])
def test_a_query_without_a_statement_is_wrong_use(staged: Path, sql: str, output: str) -> None:
    more = ["-o", str(staged.parent / output)] if output else []
    done = cli(staged, "query", *more, "--", sql)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: the query ")


def test_a_query_of_two_statements_shows_no_table_rather_than_one_of_two(staged: Path) -> None:
    done = cli(staged, "query", "SELECT 'x' AS a; SELECT 1")
    assert (done.exit_code, done.stdout) == (2, "")
    error, hint = done.stderr.splitlines()
    assert error == "error: the query has 2 statements, and a query gives one table"
    words = shlex.split(hint.removeprefix("hint: "))
    assert words[-1] == "SELECT 'x' AS a"
    assert cli(staged, "query", words[-1]).exit_code == 0


def test_unsafe_lets_a_query_write_elsewhere_but_never_into_the_warehouse(staged: Path) -> None:
    out, before = staged.parent / "unsafe.csv", Layout(staged).warehouse.read_bytes()
    assert cli(staged, "query", "--unsafe", f"COPY (SELECT 1 AS a) TO '{out}'").exit_code == 0
    assert out.read_text() == "a\n1\n"
    assert cli(staged, "query", "--unsafe", "DELETE FROM _warehouse.files").exit_code == 1
    assert Layout(staged).warehouse.read_bytes() == before


# ------------------------------------------------------------------------------------------- output


def test_a_query_for_parquet_or_an_unknown_ending_needs_a_better_file(
    staged: Path, tmp_path: Path
) -> None:
    done = cli(staged, "query", "SELECT 1", "--format", "parquet")
    assert (done.exit_code, done.stderr.splitlines()) == (
        2,
        ["error: parquet needs a file", "hint: -o FILE.parquet"],
    )
    done = cli(staged, "query", "SELECT 1", "-o", str(tmp_path / "rows.doc"))
    assert done.exit_code == 2
    assert f'"{tmp_path}/rows.doc": the ending names no format' in done.stderr


@pytest.mark.parametrize("ending", ["csv", "json", "jsonl", "parquet"])
def test_output_writes_the_named_file_and_no_other_whole_or_not_at_all(
    staged: Path, tmp_path: Path, ending: str
) -> None:
    out, link = tmp_path / f"rows.{ending}", tmp_path / f".rows.{ending}.tmp"
    kept = tmp_path / "kept"
    kept.write_text("mine")
    link.symlink_to(kept)  # what a guessable temporary name would write through
    before = tree(staged)
    good, bad = "SELECT 1 AS a", "SELECT error('late') FROM range(100000) t(i) WHERE i = 99999"
    assert cli(staged, "query", bad, "-o", str(out)).exit_code == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == [link.name, "kept"]
    assert cli(staged, "query", good, "-o", str(out)).exit_code == 0
    whole = out.read_bytes()
    assert cli(staged, "query", bad, "-o", str(out)).exit_code == 1
    assert out.read_bytes() == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == [link.name, "kept", out.name]
    assert kept.read_text() == "mine"
    assert tree(staged) == before


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_query_into_a_directory_that_is_not_there_is_wrong_use(
    staged: Path, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / "nowhere" / f"rows.{ending}"
    done = cli(staged, "query", "SELECT 1", "-o", str(out))
    assert done.exit_code == 2
    assert f'"{out}" cannot be written' in done.stderr


def test_output_into_a_device_is_refused_and_the_device_stays(staged: Path, tmp_path: Path) -> None:
    device = tmp_path / "out.csv"
    device.symlink_to("/dev/null")
    done = cli(staged, "query", "SELECT 1", "-o", str(device))
    assert done.exit_code == 2
    assert f'"{device}" is no file' in done.stderr
    assert device.is_symlink()


# ---------------------------------------------------------------------------------------- injection


def owned(data: Path) -> bool:
    return bool(query(data, "SELECT 1 FROM duckdb_tables() WHERE table_name = 'owned'"))


def test_names_of_directories_sources_files_and_models_are_never_run_as_sql(tmp_path: Path) -> None:
    name = HOSTILE.replace("/", "")
    source = f"{name}_e-{name}_s"
    more = {
        explanation("l_latent1.txt", source): HOSTILE,
        explanation(f"{name}_latent2.txt", source): HOSTILE,
        score("fuzz", f"{name}_latent2.txt", source): [],
        score(name, "l_latent1.txt", source): "[]",
        f"raw/{name}": "",
        f"raw/{source}/run_config.json": {"sparse_model": "some/sae", "hookpoints": "layer_3/width_3", "explainer_model": HOSTILE},
    }  # fmt: skip
    data = write(tmp_path / (name.replace("\\", "") + " *[a]"), more)
    rows = stage(
        data,
        f"explanations.sources={json.dumps([source])}",
        f"explanations.explainers={json.dumps([HOSTILE])}",
        f"scores.scorers={json.dumps([HOSTILE])}",
        f"explanation_method={HOSTILE}",
        f"phrases.words={json.dumps([HOSTILE])}",
        f"models.{name}={HOSTILE}",
        f"temp_directory={tmp_path}/{name}",
        "quarantine.max_share=1",
        select=(*STAGED, "+analysis.phrases", "+staging.sae"),
    )
    assert not owned(data)
    names = rows("SELECT explainer, explainer_short, source FROM staging.explainers")
    assert names == [(HOSTILE, name, source)]
    texts = rows("SELECT text FROM staging.explanations WHERE source = ?", [source])
    assert texts == [(HOSTILE,), (HOSTILE,)]
    assert cli(data, "query", "FROM staging.explainers").exit_code == 0
    assert cli(data, "--set", f"sae_id={HOSTILE}", "plan").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "--select", HOSTILE),
        ("plan", "--select", f"staging.files{HOSTILE}"),
        ("plan", "--select", f"staging.*{HOSTILE}"),
        ("--set", f"scope.features={HOSTILE}", "plan"),
        ("--set", "scope.features=1) OR (1=1", "plan"),
        ("--set", f"embedding.model={HOSTILE}", "build"),
        ("--set", f"memory_limit={HOSTILE}", "build", "--full"),
        ("--set", f"{HOSTILE}=1", "plan"),
        ("export", HOSTILE),
        ("models", "show", HOSTILE),
        ("models", "lineage", HOSTILE),
        ("history", "show", HOSTILE),
        ("diff", HOSTILE),
        ("diff", "--table", HOSTILE),
    ],
    ids=" ".join,
)
def test_a_hostile_argument_is_an_unknown_name_and_nothing_else(
    staged: Path, arguments: tuple[str, ...]
) -> None:
    before = Layout(staged).warehouse.read_bytes()
    done = cli(staged, *arguments)
    assert done.exit_code in (1, 2)
    # A build first says which settings differ from the published build's.
    talk = [
        line
        for line in done.stderr.splitlines()
        if line and not line.startswith("settings that differ")
    ]
    assert talk[0].startswith("error: ")
    assert Layout(staged).warehouse.read_bytes() == before


def test_settings_are_bound_or_written_as_literals_that_cannot_be_left(staged: Path) -> None:
    done = cli(
        staged, "--set", f"explanation_method={HOSTILE}", "models", "show", "master.features"
    )
    assert done.exit_code == 0
    assert "'" + HOSTILE.replace("'", "''") + "'" in done.stdout


def test_no_model_puts_sql_together_from_text() -> None:
    """`query()`, `query_table()` and COPY would run what a table or a setting holds."""
    words = {"query", "query_table", "copy", "attach", "install", "load", "read_text", "read_csv"}
    assert {n: m.words & words for n, m in load_all().items() if m.words & words} == {}


# --------------------------------------------------------------------------------------- file names


def test_control_characters_of_a_name_are_shown_not_obeyed(tmp_path: Path) -> None:
    data = write(tmp_path / "data", {"raw/a\x1b[2Jb/run_config.json": "{}"})
    done = cli(data, "build")
    assert done.exit_code == 1
    assert "\x1b" not in done.stderr
    assert 'raw/a␛[2Jb" is named against the rule' in done.stderr


@pytest.mark.parametrize("name", ["what?", "a\\b", "caf\udce9"])
def test_a_data_directory_that_duckdb_cannot_write_is_refused(tmp_path: Path, name: str) -> None:
    done = cli(write(tmp_path / name), "build")
    assert done.exit_code == 2
    assert "error: data directory " in done.stderr
    assert not list((tmp_path / name).glob(".build/*/*"))


@pytest.mark.parametrize("name", ["md:x", ":memory:", "s3:", "~", "-x"])
def test_a_relative_name_is_a_directory_whatever_it_looks_like(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name))
    select = ("--select", "+staging.prompts", "--no-export")
    assert cli(Path(name), "build", *select).exit_code == 0
    done = cli(Path(name), "query", "SELECT count(*) FROM staging.prompts", "--format", "csv")
    assert done.stdout == "count_star()\n6\n"
    assert [p.name for p in tmp_path.iterdir()] == [name]
