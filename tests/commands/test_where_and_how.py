"""Which directory a command works on, and hints that run as they are pasted."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from tests.conftest import ROOT
from tests.support.raw_tree import stage, write

SQL = "SELECT count(*) AS n FROM staging.files"


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = write(tmp_path_factory.mktemp("with space") / "my data")
    stage(data, select=("+staging.files",))
    (data / "warehouse.toml").touch()
    return data


def answer(*arguments: str) -> str:
    done = CliRunner().invoke(main, [*arguments, "--format", "csv"])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_data_and_set_are_taken_before_and_after_the_command(staged: Path) -> None:
    before = answer("--data", str(staged), "query", SQL)
    assert answer("query", SQL, "--data", str(staged)) == before
    for arguments in (
        ["--set", "matching.threshold=0.123", "--data", str(staged), "models", "show", "analysis.phrase_results"],
        ["models", "show", "analysis.phrase_results", "--data", str(staged), "--set", "matching.threshold=0.123"],
        ["--set", "matching.threshold=0.5", "models", "show", "--set", "matching.threshold=0.123", "analysis.phrase_results", "--data", str(staged)],
    ):  # fmt: skip
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        assert "0.123" in done.stdout


def test_the_nearest_directory_is_found_upwards_and_that_of_the_environment_first(
    staged: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.delenv("SAE_WAREHOUSE_DATA", raising=False)
    before = answer("--data", str(staged), "query", SQL)
    monkeypatch.chdir(staged / "raw")
    assert answer("query", SQL) == before
    project = tmp_path / "project" / "notebooks"
    project.mkdir(parents=True)
    shutil.copytree(staged, project.parent / "data")
    monkeypatch.chdir(project)
    assert answer("query", SQL) == before
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(main, ["query", SQL]).exit_code == 2
    monkeypatch.setenv("SAE_WAREHOUSE_DATA", str(staged))
    assert answer("query", SQL) == before


def test_a_settings_file_above_in_another_users_directory_is_not_obeyed(
    tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "warehouse.toml").touch()
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    monkeypatch.delenv("SAE_WAREHOUSE_DATA", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    done = CliRunner().invoke(main, ["query", SQL])
    assert 'data directory "data" does not exist' in done.stderr


@pytest.mark.parametrize(
    "program",
    [[sys.executable, "cli.py"], [sys.executable, "-m", "warehouse"], [str(Path(sys.executable).with_name("sae-warehouse"))]],
    ids=["cli.py", "-m warehouse", "sae-warehouse"],
)  # fmt: skip
@pytest.mark.parametrize(
    "arguments",
    [
        ["features", "--data", "DIR"],  # there is no overview yet: build
        ["--data", "DIR", "history", "show", "nothing"],
        ["--data", "DIR", "query", "SELCT 1"],
        ["--data", "NEW", "build"],  # init
        ["build", "--dta"],  # click's own
    ],
    ids=lambda a: " ".join(a),
)
def test_a_hint_runs_as_it_is_pasted(
    staged: Path, tmp_path: Path, program: list[str], arguments: list[str]
) -> None:
    data = Path(shutil.copytree(staged, tmp_path / "my data"))
    if not Path(program[0]).exists():
        pytest.skip("the program is not installed as sae-warehouse")
    places = {"DIR": str(data), "NEW": str(tmp_path / "a new one")}
    command = [*program, *(places.get(a, a) for a in arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode in (1, 2)
    called = re.escape(shlex.join(program)) if len(program) > 1 else f"(?:{re.escape(program[0])}|sae-warehouse)"  # fmt: skip
    (hint,) = re.findall(rf"({called} .+?)(?:' for help\.)?$", done.stderr, re.MULTILINE)[-1:]
    if "--data DIR" in " ".join(arguments) and "Try" not in done.stderr:
        assert f"--data {shlex.quote(str(data))}" in hint
    pasted = subprocess.run(hint, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True)  # noqa: S602  # fmt: skip
    assert pasted.returncode == 0 or " build" in hint, pasted.stderr
    assert "Usage" not in pasted.stderr
    assert "does not exist" not in pasted.stderr


def test_the_help_shows_the_program_as_it_was_called() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "warehouse", "plan", "--help"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert f"{shlex.join([sys.executable, '-m', 'warehouse'])} --data demo" in done.stdout
    assert "cli.py" not in done.stdout


def test_an_export_waits_when_it_is_asked_to() -> None:
    assert "--wait" in CliRunner().invoke(main, ["export", "--help"]).stdout
