"""Wrong use from the shell: an exit code, one line that names the object, a hint, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.raw_tree import ACTIVATIONS, PROMPTS, WEIGHTS, Content, stage, weights, write
from warehouse.layout import Layout

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = "warehouse.toml"
BUILD = ("build", "--no-export")
STAGE = (*BUILD, "--select", "+staging.files")
NEIGHBOURS = (*BUILD, "--select", "+analysis.decoder_neighbours")
VECTORS = (*BUILD, "--select", "+vectors.explanations")
# A hub that refuses the connection.
NO_HUB = "http://127.0.0.1:9"


def cli(*arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess:
    """Run `python cli.py ...` from the repository's root, as the README says."""
    return subprocess.run(
        [sys.executable, "cli.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        input=text,
        capture_output=True,
        text=True,
    )


def assert_refused(done: subprocess.CompletedProcess, code: int, error: str, hint: str) -> None:
    """The exit code, `error: …` in one line with a quoted object, a hint; nothing on stdout."""
    lines = done.stderr.splitlines()
    assert "Traceback" not in done.stderr
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    (place,) = [n for n, line in enumerate(lines) if line.startswith("error: ")]
    assert error in lines[place]
    assert '"' in lines[place]
    assert lines[-1].startswith("hint: ")
    assert hint in lines[-1]


@dataclass(frozen=True)
class Bad:
    """A tree with `changes`, or no directory, and what a command on it says."""

    what: str
    arguments: tuple[str, ...]
    code: int
    error: str
    hint: str
    changes: dict[str, Content] = field(default_factory=dict)


def chosen(setting: str, *arguments: str) -> tuple[str, ...]:
    return ("--set", setting, *arguments)


# DIR stands for the data directory.
TREES = [
    Bad("a settings typo", BUILD, 2, 'DIR/warehouse.toml", line 3: unknown setting "matching.treshold"', 'did you mean "matching.threshold"?', {SETTINGS: "# mine\n[matching]\ntreshold = 0.5\n"}),
    Bad("a typo in a section", BUILD, 2, 'line 2: unknown setting "machting.threshold"', 'did you mean "matching.threshold"?', {SETTINGS: "[machting]\nthreshold = 0.5\n"}),
    Bad("a setting of the wrong type", BUILD, 2, """DIR/warehouse.toml", line 2: setting "matching.threshold" is 'high'""", "a number from -1 to 1", {SETTINGS: '[matching]\nthreshold = "high"\n'}),
    Bad("a setting out of its range", BUILD, 2, 'line 1: setting "threads" is -1', "from 0 to 1024", {SETTINGS: "threads = -1\n"}),
    Bad("a setting that is not among its choices", BUILD, 2, """setting "windows.edge" is 'wrap'""", '"shift", "clip"', {SETTINGS: '[windows]\nedge = "wrap"\n'}),
    Bad("settings that are no TOML", BUILD, 2, 'DIR/warehouse.toml" is not valid TOML', "", {SETTINGS: "[matching\n"}),
    Bad("settings that are no UTF-8", BUILD, 2, 'DIR/warehouse.toml" is not UTF-8', "UTF-8", {SETTINGS: b"\xff\xfe"}),
    Bad("--set without a value", chosen("matching.threshold", *BUILD), 2, '--set "matching.threshold" has no "="', "--set matching.threshold=0.5"),
    Bad("--set of an unknown key", chosen("matching.treshold=1", *BUILD), 2, 'unknown setting "matching.treshold"', 'did you mean "matching.threshold"?'),
    Bad("--set of the wrong type", chosen("matching.threshold=high", *BUILD), 2, """setting "matching.threshold" is 'high'""", "a number from -1 to 1"),
    Bad("--set of a scope that is none", chosen("scope.features=5-1", *BUILD), 2, 'setting "scope.features": "5-1"', '"0-199,877"'),
    Bad("--set of a path outside", chosen("input.prompts=../prompts.json", *BUILD), 2, '"../prompts.json" must be relative', "raw/"),
    Bad("prompts that are no JSON", STAGE, 1, f'"{PROMPTS}" cannot be read as prompts: not JSON', "a JSON array of arrays", {PROMPTS: "hello"}),
    Bad("no prompts", BUILD, 1, f'no file matches "DIR/{PROMPTS}"', "--set input.prompts=", {PROMPTS: None}),
    Bad("no activations", BUILD, 1, f'no file matches "DIR/{ACTIVATIONS}"', "--set input.activations=", {ACTIVATIONS: None}),
    Bad("no weights", BUILD, 1, 'DIR/raw/sae" does not exist', "--set input.decoder=", {WEIGHTS: None}),
    Bad("several weights", BUILD, 1, 'DIR/raw/sae" holds several', "--set input.decoder=", {WEIGHTS: None, "raw/sae/a.npz": b"", "raw/sae/b.npz": b""}),
    Bad("weights without W_dec", NEIGHBOURS, 1, f'DIR/{WEIGHTS}" holds no "W_dec": it holds W_enc', "--set input.decoder=", {WEIGHTS: weights(key="W_enc")}),
    Bad("a source directory named against the rule", BUILD, 1, 'DIR/raw/llama-gwen" is named against the rule <explainer>_e-<scorer>_s', "rename it", {"raw/llama-gwen/explanations/l_latent1.txt": "text"}),
    Bad("a model that is no directory", chosen("embedding.model=./nowhere", *BUILD), 2, '"embedding.model": "./nowhere" is no directory', '"google/embeddinggemma-300m"'),
    Bad("a model that is no hub name", chosen("embedding.model=nothing", *BUILD), 2, '"embedding.model": "nothing" is no directory, no hub name and no package', '"package:'),
    Bad("a package that is not installed", chosen("embedding.model=package:no_such_model", *BUILD), 2, 'package "no_such_model" is not installed', "pip install no-such-model"),
    Bad("a package without a model", chosen("embedding.model=package:json", *BUILD), 2, 'package "json" holds no sentence-transformers model', "modules.json"),
    Bad("a hub model that can't be fetched", chosen("embedding.model=some/model", *VECTORS), 1, 'model "some/model" is not on this machine and the hub cannot be reached', "--set embedding.model="),
    Bad("a model directory without a model", chosen("embedding.model=DIR/raw", *VECTORS), 1, 'model "raw" in "DIR/raw" cannot be loaded', "safetensors"),
    Bad("an unknown --select", (*BUILD, "--select", "staging.flies"), 2, '--select "staging.flies": no such model', 'did you mean "staging.files"?'),
    Bad("an unknown --select in a plan", ("plan", "--select", "+master.feature"), 2, '--select "+master.feature": no such model', 'did you mean "master.features"?'),
    Bad("a --select of what nothing is there for", (*BUILD, "--select", "analysis.scores"), 1, '"analysis.scores" reads "staging.scores", which was never built', "--select +analysis.scores"),
    Bad("an unknown export", ("export", "feature"), 2, '"feature"', 'did you mean "features"?'),
    Bad("an export before any build", ("export",), 1, 'DIR/warehouse.duckdb" does not exist', "cli.py build"),
    Bad("a query before any build", ("query", "SELECT 1"), 1, 'DIR/warehouse.duckdb" does not exist', "cli.py build"),
    Bad("a warehouse that is no DuckDB file", BUILD, 1, 'DIR/warehouse.duckdb" cannot be opened', "remove it", {"warehouse.duckdb": "junk"}),
    Bad("a sample over raw files", ("sample", "DIR"), 2, 'DIR/raw" already exists', "rm -r"),
    Bad("an init over settings", ("init", "DIR"), 2, 'DIR/warehouse.toml" exists already', "rm ", {SETTINGS: ""}),
]  # fmt: skip


@pytest.mark.parametrize("bad", TREES, ids=[bad.what for bad in TREES])
def test_a_wrong_tree_setting_or_name_is_refused_with_a_hint(tmp_path: Path, bad: Bad) -> None:
    data = write(tmp_path / "data", bad.changes)
    arguments = [a.replace("DIR", str(data)) for a in bad.arguments]
    done = cli("--data", str(data), *arguments, HF_ENDPOINT=NO_HUB, HF_HOME=str(tmp_path))
    error, hint = (t.replace("DIR", str(data)) for t in (bad.error, bad.hint))
    assert_refused(done, bad.code, error, hint)


@pytest.mark.parametrize("command", ["build", "plan", "export"])
def test_a_missing_data_directory_is_wrong_use(tmp_path: Path, command: str) -> None:
    data = tmp_path / "nowhere"
    done = cli("--data", str(data), command)
    assert_refused(done, 2, f'data directory "{data}" does not exist', f"cli.py init {data}")
    assert not data.exists()


@pytest.mark.parametrize(("made", "word"), [("raw", "empty"), (".", "missing")])
def test_no_raw_files_say_where_they_go(tmp_path: Path, made: str, word: str) -> None:
    (tmp_path / made).mkdir(exist_ok=True)
    done = cli("--data", str(tmp_path), "build")
    assert_refused(done, 1, f'"{tmp_path}/raw" is {word}', "cli.py sample")


def test_a_sample_into_a_file_or_too_small_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert_refused(cli("sample", str(tmp_path / "file")), 2, f'"{tmp_path}/file" is a file', "")
    assert (tmp_path / "file").read_text() == "mine"


# ----------------------------------------------------------------------------------------- queries


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = write(tmp_path_factory.mktemp("staged"))
    stage(data, select=("+staging.files",))
    return data


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        pytest.param("SELCT 1", 'syntax error at or near "SELCT"', id="a syntax error"),
        pytest.param("SELECT * FROM staging.flies", "flies", id="an unknown relation"),
        pytest.param("SELECT nothing FROM staging.files", '"nothing"', id="an unknown column"),
    ],
)
def test_a_query_that_fails_says_what_duckdb_says(staged: Path, sql: str, error: str) -> None:
    done = cli("--data", str(staged), "query", sql)
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the query failed: ")
    assert error in done.stderr.splitlines()[0]
    assert done.stderr.splitlines()[-1].startswith("hint: ")


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("CREATE TABLE staging.more (x INTEGER)", id="creates a table"),
        pytest.param("CREATE OR REPLACE VIEW staging.files AS SELECT 1", id="replaces a view"),
        pytest.param("INSERT INTO _warehouse.builds SELECT * FROM _warehouse.builds", id="inserts"),
        pytest.param("DELETE FROM _warehouse.files", id="deletes"),
        pytest.param("DROP TABLE staging.score_records", id="drops"),
        pytest.param("ATTACH 'OUT' AS other", id="attaches a file"),
        pytest.param("ATTACH ':memory:' AS other", id="attaches a database in memory"),
        pytest.param("COPY (SELECT 1) TO 'OUT'", id="copies into a file"),
        pytest.param("EXPORT DATABASE 'OUT'", id="exports the database"),
        pytest.param("SELECT * FROM read_csv('SECRET')", id="reads a CSV file"),
        pytest.param("SELECT * FROM read_text('SECRET')", id="reads a text file"),
        pytest.param("SELECT * FROM 'SECRET'", id="reads a file by its name"),
        pytest.param("SELECT * FROM glob('/*')", id="lists files"),
        pytest.param("INSTALL httpfs", id="installs an extension"),
        pytest.param("SET enable_external_access = true", id="opens the outside"),
        pytest.param("SET threads = 1", id="changes a setting"),
    ],
)
def test_a_query_can_not_write_nor_reach_outside(staged: Path, tmp_path: Path, sql: str) -> None:
    secret, out = tmp_path / "secret.csv", tmp_path / "out"
    secret.write_text("a\nkeep this\n")
    before = Layout(staged).warehouse.read_bytes()
    sql = sql.replace("SECRET", str(secret)).replace("OUT", str(out))
    done = cli("--data", str(staged), "query", sql)
    assert "Traceback" not in done.stderr
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: the query failed: ")
    assert "keep this" not in done.stderr
    assert not out.exists()
    assert Layout(staged).warehouse.read_bytes() == before


def test_a_query_for_parquet_or_an_unknown_ending_needs_a_better_file(
    staged: Path, tmp_path: Path
) -> None:
    query = ("--data", str(staged), "query", "SELECT 1")
    done = cli(*query, "--format", "parquet")
    assert (done.returncode, done.stderr.splitlines()) == (
        2,
        ["error: parquet needs a file", "hint: -o FILE.parquet"],
    )
    done = cli(*query, "-o", str(tmp_path / "rows.doc"))
    assert_refused(done, 2, f'"{tmp_path}/rows.doc": the ending names no format', "--format ")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_query_into_a_directory_that_is_not_there_is_wrong_use(
    staged: Path, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / "nowhere" / f"rows.{ending}"
    done = cli("--data", str(staged), "query", "SELECT 1", "-o", str(out))
    assert_refused(done, 2, f'"{out}" cannot be written', "-o FILE")
