"""`set` writes the settings file, and a build says which settings are not those of last time."""

from __future__ import annotations

import tomllib
from pathlib import Path

from click.testing import CliRunner, Result

from cli import main
from tests.support.raw_tree import stage, write
from warehouse.settings_file import commented_file, load


def cli(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--data", str(data), *arguments])


def test_set_writes_values_where_they_stand_and_keeps_the_comments(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.toml"
    path.write_text(commented_file({"matching.threshold": 0.6}))
    before = path.read_text()
    done = cli(
        tmp_path, "set", "matching.threshold=0.5", "sae_id=mine", "models.llama=meta/Llama",
        'input.activations=["raw/a.jsonl"]',
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    settings = load(tmp_path)
    assert (settings["matching.threshold"], settings["sae_id"]) == (0.5, "mine")
    assert settings["models"] == {"llama": "meta/Llama"}
    assert settings["input.activations"] == ["raw/a.jsonl"]
    comments = [line for line in before.splitlines() if line.startswith("#")]
    assert set(comments) <= set(path.read_text().splitlines())
    assert "threshold = 0.5  # " in path.read_text()


def test_set_makes_a_file_and_refuses_what_is_no_setting(tmp_path: Path) -> None:
    assert cli(tmp_path, "set", "matching.treshold=0.5").exit_code == 2
    assert cli(tmp_path, "set", "matching.threshold=7").exit_code == 2
    assert not (tmp_path / "warehouse.toml").exists()
    assert cli(tmp_path, "set", "matching.threshold=0.5").exit_code == 0
    assert tomllib.loads((tmp_path / "warehouse.toml").read_text())["matching"] == {
        "threshold": 0.5
    }


def test_a_build_says_which_settings_differ_from_the_published_builds(tmp_path: Path) -> None:
    data = write(tmp_path / "data")
    stage(data, select=("+staging.files",))
    same = cli(data, "build", "--select", "staging.files", "--no-export")
    assert "settings that differ" not in same.stderr
    done = cli(
        data, "build", "--select", "staging.files", "--no-export",
        "--set", "scope.features=0-9", "--set", "threads=1",
    )  # fmt: skip
    first = done.stderr.splitlines()[0]
    assert first.startswith("settings that differ from the published build's: ")
    assert "scope.features" in first
    assert "0-9" in first
    assert "threads" not in first
