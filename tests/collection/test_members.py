"""collection.toml: which directories are members, under which names and settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from tests.support.raw_tree import write
from warehouse.collection.members import read_collection
from warehouse.errors import UsageError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A collection's directory with three data directories, none of them built."""
    for name in ("runs/first", "runs/second", "other", "layer [30] *"):
        write(tmp_path / name)
    return tmp_path


def told(data: Path, text: str) -> str:
    """What is wrong with a collection file."""
    (data / "collection.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_collection(data)
    return f"{caught.value.message} | {caught.value.hint}"


def test_members_are_paths_globs_and_tables_in_the_order_of_the_file(data: Path) -> None:
    (data / "runs" / "notes").mkdir()  # no data directory
    (data / "runs" / "list.txt").touch()
    (data / "collection.toml").write_text(
        'members = ["runs/*"]\n[[member]]\npath = "other"\nname = "the other"\n'
    )
    members = read_collection(data).members
    assert [m.name for m in members] == ["first", "second", "the other"]
    assert [m.data for m in members] == [data / "runs/first", data / "runs/second", data / "other"]


def test_a_directory_whose_name_looks_like_a_glob_is_taken_as_it_is(data: Path) -> None:
    (data / "collection.toml").write_text('members = ["layer [30] *"]')
    assert [m.name for m in read_collection(data).members] == ["layer [30] *"]


def test_a_members_settings_win_over_its_file_and_its_file_over_the_common_ones(data: Path) -> None:
    (data / "collection.toml").write_text(
        'members = ["runs/*"]\n'
        "[settings]\nmatching.threshold = 0.1\nsampling.per_quantile = 3\nalignment.threshold = 0.1\n"
        '[[member]]\npath = "other"\nsettings.sampling.per_quantile = 7\n'
    )
    (data / "other" / "warehouse.toml").write_text(
        "[sampling]\nper_quantile = 6\n[matching]\nthreshold = 0.2\n"
    )
    first, _, other = read_collection(data).members
    names = ("matching.threshold", "sampling.per_quantile", "alignment.threshold")
    assert [first.project().settings[n] for n in names] == [0.1, 3, 0.1]
    assert [other.project().settings[n] for n in names] == [0.2, 7, 0.1]
    assert other.project(["sampling.per_quantile=9"]).settings["sampling.per_quantile"] == 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("members = [", "is not valid TOML"),
        ("", 'names no member | members = ["runs/*"]'),
        ('member = "runs"', '"member" is no list of tables'),
        ('members = "runs/*"', '"members" is not a list of paths'),
        ('membres = ["runs/*"]', 'unknown key "membres" | did you mean "members"?'),
        ('members = ["gone"]', 'member "gone": there is no such directory'),
        ('members = ["none/*"]', '"none/*" matches no data directory'),
        ('members = ["../*"]', "leads out of the collection"),
        ('members = ["."]', "is the collection itself"),
        ('members = ["runs/*", "runs/first"]', "is a member twice"),
        ('members = ["runs/first"]\n[[member]]\npath = "other"\nname = "FIRST"', 'are both named "FIRST"'),
        ('[[member]]\nname = "a"', '[[member]] 1 has no "path"'),
        ('[[member]]\npath = "other"\nname = "a/b"', "name = 'a/b'"),
        ('[[member]]\npath = "other"\nnmae = "a"', 'unknown key "nmae" | did you mean "name"?'),
        ('[[member]]\npath = "other"\nmatching = { threshold = 1 }', "a setting goes under settings: settings.matching"),
        ('[[member]]\npath = "other"\nsettings.matching.treshold = 1', 'did you mean "matching.threshold"?'),
        ('members = ["other"]\n[settings]\nmatching.threshold = "x"', "line 3: setting \"matching.threshold\" is 'x'"),
        ('members = ["other"]\nsettings = 3', '"settings" is no table'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_what_to_type(data: Path, text: str, said: str) -> None:
    assert said in told(data, text)


def test_a_link_out_of_the_collection_is_taken_only_by_its_name(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = write(tmp_path_factory.mktemp("outside") / "run")
    (data / "runs" / "linked").symlink_to(outside)
    assert "a link that leads out of the collection" in told(data, 'members = ["runs/*"]')
    (data / "collection.toml").write_text(f'members = ["runs/linked", "{outside}"]')
    with pytest.raises(UsageError, match="is a member twice"):
        read_collection(data)
    (data / "collection.toml").write_text(f'members = ["{outside}"]')
    assert read_collection(data).members[0].name == "run"


def test_a_collection_is_neither_a_member_nor_a_data_directory(data: Path) -> None:
    (data / "runs" / "collection.toml").write_text('members = ["*"]')
    assert "is a collection itself" in told(data, 'members = ["runs"]')
    (data / "warehouse.toml").touch()
    assert "holds both" in told(data, 'members = ["other"]')


def test_a_member_that_fails_is_named_and_the_others_are_built(data: Path) -> None:
    (data / "collection.toml").write_text('members = ["runs/*", "other"]')
    (data / "runs" / "first" / "warehouse.toml").write_text("[matching]\ntreshold = 1\n")
    select = ["--select", "+staging.prompts"]
    done = CliRunner().invoke(main, ["--data", str(data), "build", "--no-export", *select])
    assert done.exit_code == 1
    assert '1 of 3 members failed: "first"' in done.stderr
    assert not (data / "runs/first/warehouse.duckdb").exists()
    assert (data / "runs/second/warehouse.duckdb").exists()
    assert (data / "other/warehouse.duckdb").exists()
    again = CliRunner().invoke(main, ["--data", str(data), "plan", *select])
    assert 'did you mean "matching.threshold"?' in again.stderr
    assert again.stdout.count("nothing to do") == 2


def test_a_command_on_one_directory_says_which_of_a_collection_to_name(data: Path) -> None:
    (data / "collection.toml").write_text('members = ["runs/*"]')
    done = CliRunner().invoke(main, ["--data", str(data), "feature", "3"])
    assert done.exit_code == 2
    assert "is a collection of 2 members" in done.stderr
    assert f"--data {data / 'runs/first'}" in done.stderr
    for command in (
        ["set", "matching.threshold=0.5"],
        ["init", str(data)],
        ["explore"],
        ["sources"],
    ):
        done = CliRunner().invoke(main, ["--data", str(data), *command])
        assert done.exit_code == 2, command
        assert "is a collection" in done.stderr
    shown = CliRunner().invoke(main, ["--data", str(data), "models", "show", "compare.summary"])
    assert shown.exit_code == 0, shown.output
