"""Wrong use from the shell: an exit code, one line that names the object, a hint, no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from tests.support.builds import open_project
from tests.support.raw_tree import ACTIVATIONS, Content, files, stage, write
from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.run.build import build

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = "warehouse.toml"
BUILD = ("build", "--no-export")
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


def called(*arguments: str) -> subprocess.CompletedProcess:
    """The same in this process, which is faster: what a run says and its exit code."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "argv", ["cli.py", *arguments])
        patched.chdir(ROOT)
        done = CliRunner().invoke(main, arguments, prog_name="cli.py")
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


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
    from_shell: bool = False  # needs a process of its own: its environment, its program's name


def chosen(setting: str, *arguments: str) -> tuple[str, ...]:
    return ("--set", setting, *arguments)


# DIR stands for the data directory.
TREES = [
    Bad("a model that is no directory", chosen("embedding.model=./nowhere", *BUILD), 2, '"embedding.model": "./nowhere" is no directory', '"google/embeddinggemma-300m"'),
    Bad("a model that is no hub name", chosen("embedding.model=nothing", *BUILD), 2, '"embedding.model": "nothing" is no directory, no hub name and no package', '"package:'),
    Bad("a package that is not installed", chosen("embedding.model=package:no_such_model", *BUILD), 2, 'package "no_such_model" is not installed', "pip install no-such-model"),
    Bad("a package without a model", chosen("embedding.model=package:json", *BUILD), 2, 'package "json" holds no sentence-transformers model', "modules.json"),
    Bad("a hub model that can't be fetched", chosen("embedding.model=some/model", *VECTORS), 1, 'model "some/model" is not on this machine and the hub cannot be reached', "--set embedding.model=", from_shell=True),
    Bad("a model directory without a model", chosen("embedding.model=DIR/raw", *VECTORS), 1, 'model "raw" in "DIR/raw" cannot be loaded', "safetensors"),
    Bad("an unknown --select", (*BUILD, "--select", "staging.flies"), 2, '--select "staging.flies": no such model', 'did you mean "staging.files"?'),
    Bad("an unknown --select in a plan", ("plan", "--select", "+master.feature"), 2, '--select "+master.feature": no such model', 'did you mean "master.features"?'),
    Bad("a --select of what nothing is there for", (*BUILD, "--select", "analysis.scores"), 1, '"analysis.scores" reads "analysis.roc_areas", which was never built', "--select +analysis.scores"),
    Bad("an unknown export", ("export", "feature"), 2, '"feature"', 'did you mean "features"?'),
    Bad("an export before any build", ("export",), 1, 'DIR/warehouse.duckdb" does not exist', "cli.py build", from_shell=True),
    Bad("a query before any build", ("query", "SELECT 1"), 1, 'DIR/warehouse.duckdb" does not exist', "cli.py build", from_shell=True),
    Bad("a warehouse that is no DuckDB file", BUILD, 1, 'DIR/warehouse.duckdb" cannot be opened', "remove it", {"warehouse.duckdb": "junk"}),
    Bad("a sample over raw files", ("sample", "DIR"), 2, 'DIR/raw" already exists', "rm -r"),
    Bad("an init over settings", ("init", "DIR"), 2, 'DIR/warehouse.toml" exists already', "rm ", {SETTINGS: ""}),
]  # fmt: skip


@pytest.mark.parametrize("bad", TREES, ids=[bad.what for bad in TREES])
def test_a_wrong_tree_setting_or_name_is_refused_with_a_hint(tmp_path: Path, bad: Bad) -> None:
    data = write(tmp_path / "data", bad.changes)
    arguments = [a.replace("DIR", str(data)) for a in bad.arguments]
    if bad.from_shell:
        done = cli("--data", str(data), *arguments, HF_ENDPOINT=NO_HUB, HF_HOME=str(tmp_path))
    else:
        done = called("--data", str(data), *arguments)
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


# ------------------------------------------------------------------------------------ a tree in use


def test_a_file_in_the_place_of_an_output_directory_publishes_nothing(copy: Path) -> None:
    before = Layout(copy).warehouse.read_bytes()
    shutil.rmtree(copy / "scores")
    (copy / "scores").write_text("mine")
    with pytest.raises(WarehouseError, match="the build could not write") as caught:
        build(open_project(copy, ["sae_id=another/sae"]))
    assert f"{copy}/scores" in caught.value.message
    assert Layout(copy).warehouse.read_bytes() == before
    assert (copy / "scores").read_text() == "mine"


def test_a_part_of_the_models_builds_and_tells_what_it_has(tmp_path: Path) -> None:
    data = write(tmp_path)
    done = called("--data", str(data), "build", "--no-export", "--select", "+staging.prompts")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("build ")
    done = called("--data", str(data), *("build", "--no-export", "--select", "+staging.files"))
    assert done.returncode == 0, done.stderr
    assert "explanations" in done.stdout


def test_set_of_one_file_for_a_list_of_files_takes_it(tmp_path: Path) -> None:
    data = write(tmp_path, {"raw/other.jsonl": files()[ACTIVATIONS], ACTIVATIONS: None})
    stage(data, "input.activations=raw/other.jsonl", select=("+staging.activation_examples",))
