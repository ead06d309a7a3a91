"""A collection's own file over its members, and how they differ."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.collection import recompute
from tests.conftest import MODEL
from tests.run.safety.made_up import made_up_model
from tests.support.raw_tree import ACTIVATIONS, record, write
from warehouse.collection.members import read_collection
from warehouse.models.library import load_all
from warehouse.report.collection import write_collection
from warehouse.sample.sample import SAMPLE_SETTINGS, write_sample

REPLICATES = 200
NAMES = {"one": "one", "two": "two", "three": "other run"}


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--data", str(data), *arguments])


def write_members(data: Path) -> None:
    """Two SAEs of a layer with firing frequencies, and another run on the first of them without."""
    from safetensors.numpy import save_file

    for seed, name in enumerate(("one", "two")):
        write_sample(data / name, features=12, prompts=60, explained=8, seed=seed)
        log_density = np.linspace(-3, -1 - seed / 2, 12, dtype=np.float32)
        shutil.copytree(data / "one", data / "three") if name == "one" else None
        save_file({"sparsity": log_density}, data / name / "raw" / "sae" / "sparsity.safetensors")
    for source in sorted((data / "three" / "raw").glob("*_e-*_s"))[:3]:  # an explainer less
        shutil.rmtree(source)
    # The second decoder holds the rows of the first in another order, some of them much changed.
    weights = dict(np.load(data / "one" / "raw" / "sae" / "params.npz"))
    random = np.random.default_rng(0)
    rows = weights["W_dec"][random.permutation(12)]
    scale = np.where(np.arange(12) % 3, 0.1, 3)[:, None] * np.abs(rows).mean()
    weights["W_dec"] = (rows + scale * random.standard_normal(rows.shape)).astype(np.float32)
    np.savez(data / "two" / "raw" / "sae" / "params.npz", **weights)
    settings = {"embedding.model": MODEL, "export.backend": "false", "compare.replicates": REPLICATES, **SAMPLE_SETTINGS}  # fmt: skip
    lines = [f"{k} = {json.dumps(v) if v == MODEL else v}" for k, v in settings.items()]
    (data / "collection.toml").write_text(
        "\n".join(
            [
                'members = ["one", "two"]',
                "[settings]",
                *lines,
                "[[member]]",
                'path = "three"',
                'name = "other run"',
            ]
        )
    )


@pytest.fixture(scope="module")
def data(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """A built collection of three members. Read it, never change it."""

    def fill(data: Path) -> None:
        write_members(data)
        with made_up_model():
            built = run(data, "build")
        assert built.exit_code == 0, built.output
        assert "members with new rows: one, two, other run" in built.stdout

    return once("collection", fill)


@pytest.fixture(scope="module")
def members(data: Path) -> dict[str, recompute.Directory]:
    return {name: recompute.read(name, data / place) for place, name in NAMES.items()}


@pytest.fixture(scope="module")
def told(data: Path) -> dict:
    shown = run(data, "compare", "--json")
    assert shown.exit_code == 0, shown.output
    return json.loads(shown.stdout)


def test_any_duckdb_opens_the_file_alone_and_every_relation_has_all_members(data: Path) -> None:
    """Also from elsewhere, in a process that knows nothing of this program."""
    program = f"""
import duckdb, json
opened = duckdb.connect({str(data / "warehouse.duckdb")!r}, read_only=True)
names = [n for (n,) in opened.execute("SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal").fetchall()]
print(json.dumps({{n: [[c[0] for c in opened.execute(f"DESCRIBE {{n}}").fetchall()], opened.execute(f"SELECT member, count(*) FROM {{n}} GROUP BY member").fetchall()] for n in names}}))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd="/", capture_output=True, text=True, check=True)  # fmt: skip
    relations = json.loads(done.stdout)
    assert {"master.features", "master.activation_embeddings", "analysis.scores_long", "analysis.feature_overview", "analysis.activations_long"} <= relations.keys()  # fmt: skip
    assert sum(name.startswith("master.") for name in relations) == 8
    for place, name in NAMES.items():
        with duckdb.connect(str(data / place / "warehouse.duckdb"), read_only=True) as own:
            for relation, (columns, counts) in relations.items():
                assert columns[:2] == ["member", "sae_id"], relation
                [(rows,)] = own.execute(f"SELECT count(*) FROM {relation}").fetchall()
                assert dict(counts).get(name, 0) == rows, relation


def test_bare_names_are_those_of_the_masters_and_the_overview_as_in_a_data_directory(
    data: Path,
) -> None:
    listed = [run(place, "query", "SHOW TABLES", "--format", "csv") for place in (data, data / "one")]  # fmt: skip
    assert listed[0].stdout == listed[1].stdout
    names = listed[0].stdout.split()[1:]
    assert {"features", "activation_examples", "feature_overview"} <= set(names)
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as shell:
        for name in names:
            schema = "analysis" if name == "feature_overview" else "master"
            rows = run(data, "query", f"from {name} order by all", "--format", "json")
            assert rows.exit_code == 0, rows.output
            again = run(data, "query", f"from {schema}.{name} order by all", "--format", "json")
            assert rows.stdout == again.stdout
            found = shell.execute(f"SELECT DISTINCT member FROM {name}").fetchall()
            assert {member for (member,) in found} <= set(NAMES.values())
            assert found


def test_no_vector_is_copied(data: Path) -> None:
    for place in NAMES:
        file = (data / place / "master" / "activation_embeddings.parquet").stat()
        again = [p.stat() for p in (data / ".members").glob("*/*/activation_embeddings.parquet")]
        assert file.st_ino in [found.st_ino for found in again]
    assert (data / "warehouse.duckdb").stat().st_size < 5_000_000


def test_query_features_and_history_answer_over_all_members(data: Path) -> None:
    sql = "select member, len(embeddings[1]) as n from master.activation_embeddings where embeddings[1] is not null group by all order by all"
    shown = run(data, "query", sql, "--format", "csv")
    assert shown.stdout == "member,n\none,32\nother run,32\ntwo,32\n", shown.output
    listed = run(data, "features", "--limit", "50", "--where", "explanation_text is not null", "--format", "csv")  # fmt: skip
    assert {line.partition(",")[0] for line in listed.stdout.splitlines()} == {"member", *NAMES.values()}  # fmt: skip
    past = run(data, "history")
    assert past.exit_code == 0, past.output
    assert past.stdout.count("published") == 3
    assert run(data, "plan").stdout.count("nothing to do") == 3


@pytest.mark.parametrize("command", ["status", "plan", "history"])
def test_json_of_all_members_is_json_alone(data: Path, command: str) -> None:
    text, found = run(data, command, "--json").stdout, []
    while text:
        told, end = json.JSONDecoder().raw_decode(text)
        found.append(told)
        text = text[end:].lstrip()
    assert len(found) == len(NAMES) + (command == "history")


def test_a_build_without_work_publishes_nothing(data: Path) -> None:
    before = (data / "warehouse.duckdb").stat().st_ino
    done = run(data, "build")
    assert f"nothing to do: {data / 'warehouse.duckdb'}" in done.stdout
    assert (data / "warehouse.duckdb").stat().st_ino == before


def near(row: dict, key: str, expected: float | None) -> bool:
    found = row[key]
    if expected is None or found is None:
        return found is None and expected is None
    return found == pytest.approx(expected, abs=1e-9)


def rows_of(told: dict, name: str, one: str, other: str) -> dict[recompute.Key, dict]:
    return {
        (row["level"], row["figure"], row["llm_explainer"], row["scorer"]): row
        for row in told[name]
        if (row["member"], row["other_member"]) == (one, other)
    }


def test_the_differences_of_paired_features_are_those_of_numpy(
    told: dict, members: dict[str, recompute.Directory]
) -> None:
    one, two, three = members.values()
    by_decoder = recompute.mutual(one.decoder, two.decoder, 0.7)
    pairs = {
        ("one", "two"): by_decoder,
        ("one", "other run"): {f: f for f in one.features & three.features},
        ("two", "other run"): recompute.mutual(two.decoder, three.decoder, 0.7),
    }
    assert 3 < len(by_decoder) < 12
    pairing = {(p["member"], p["other_member"]): p["pairing"] for p in told["pairs"]}
    assert [pairing[two] for two in pairs] == ["decoder", "feature_id", "decoder"]
    for (first, second), own in pairs.items():
        expected = recompute.paired(members[first], members[second], own, REPLICATES)
        found = rows_of(told, "paired_differences", first, second)
        assert found.keys() == expected.keys()
        for key, figures in expected.items():
            row = found[key]
            for name, value in figures.items():
                assert near(row, name + "_difference" if name == "matched" else name, value), (first, second, key, name, row)  # fmt: skip
    known = [row for row in told["paired_differences"] if row["matched_pairs"]]
    assert known
    assert {(row["member"], row["other_member"]) for row in known} == {("one", "two")}


def test_the_differences_of_means_are_those_of_numpy(
    told: dict, members: dict[str, recompute.Directory]
) -> None:
    for first, second in (("one", "two"), ("one", "other run"), ("two", "other run")):
        expected = recompute.unpaired(members[first], members[second], REPLICATES)
        found = rows_of(told, "mean_differences", first, second)
        assert found.keys() == expected.keys()
        for key, figures in expected.items():
            for name, value in figures.items():
                column = name + "_difference" if name == "matched" else name
                assert near(found[key], column, value), (first, second, key, name, found[key])
    assert any(row["matched_low"] is not None for row in told["mean_differences"])


def test_the_shares_of_variance_are_those_of_numpy(
    told: dict, members: dict[str, recompute.Directory]
) -> None:
    expected = recompute.variance([*members.values()])
    found = {(row["method"], row["factor"]): row for row in told["variance_shares"]}
    assert found.keys() == expected.keys()
    for key, (levels, values, eta, omega) in expected.items():
        row = found[key]
        assert (row["levels"], row["num_values"]) == (levels, values)
        assert row["eta_squared"] == pytest.approx(eta, abs=1e-8)
        assert near(row, "omega_squared", None) if np.isnan(omega) else row["omega_squared"] == pytest.approx(omega, abs=1e-8)  # fmt: skip


def contents(directory: Path) -> dict[Path, tuple[int, int]]:
    return {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in directory.rglob("*")}


def test_directories_are_compared_without_a_collection_and_stay_as_they_are(
    data: Path, told: dict
) -> None:
    before = contents(data / "one")
    settings = ["--set", f"compare.replicates={REPLICATES}"]
    shown = CliRunner().invoke(
        main, [*settings, "compare", str(data / "one"), str(data / "two"), "--json"]
    )
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)
    assert rows_of(found, "mean_differences", "one", "two") == rows_of(told, "mean_differences", "one", "two")  # fmt: skip
    assert rows_of(found, "paired_differences", "one", "two") == rows_of(told, "paired_differences", "one", "two")  # fmt: skip
    assert contents(data / "one") == before


def test_the_terminal_shows_pairs_intervals_and_shares(data: Path) -> None:
    shown = run(data, "compare", "--each").stdout
    for text in ("by feature id", "by decoder", "difference of means", "at matched frequency", "eta²", "other run"):  # fmt: skip
        assert text in shown


def test_the_report_shows_the_comparison_and_leads_to_the_members_own(
    data: Path, told: dict, tmp_path: Path
) -> None:
    settings = read_collection(data).settings
    page = write_collection(told, {"one": "one/report.html"}, load_all(), settings, tmp_path / "page.html")  # fmt: skip
    text = page.read_text()
    assert text.count("<svg") == 6  # three pairs of members, paired and by means
    for shown in ("Collection report: 3 members", "other run", "by decoder", "compare.variance_shares"):  # fmt: skip
        assert shown in text
    assert text.count('href="one/report.html"') == 1


def test_one_directory_alone_and_one_twice_are_refused(data: Path) -> None:
    assert "is not a collection" in run(data / "one", "compare").stderr
    assert "one directory alone" in run(data, "compare", str(data / "one")).stderr
    assert "is a member twice" in run(data, "compare", *[str(data / "one")] * 2).stderr


@pytest.fixture
def small(tmp_path: Path) -> tuple[Path, list[str]]:
    """A collection of two built in part, without vectors; and the options of a build of that part."""
    for name in ("first", "second"):
        write(tmp_path / name)
    (tmp_path / "collection.toml").write_text('members = ["first", "second"]')
    select = ["--select", "+master.activation_examples", "--select", "+analysis.scores_long"]
    built = run(tmp_path, "build", *select)
    assert built.exit_code == 0, built.output
    return tmp_path, select


def counts(data: Path) -> dict[str, int]:
    with duckdb.connect(str(data / "warehouse.duckdb"), read_only=True) as connection:
        sql = "SELECT member, count(*) FROM master.activation_examples GROUP BY member"
        return dict(connection.execute(sql).fetchall())


def test_a_member_built_anew_touches_nothing_of_the_others_and_one_that_fails_stands(
    small: tuple[Path, list[str]],
) -> None:
    data, select = small
    assert counts(data) == {"first": 18, "second": 18}

    def others() -> dict[Path, tuple]:
        [part] = [p.parent for p in data.glob(".members/*/*/part.json") if '"member": "second"' in p.read_text()]  # fmt: skip
        found = [*part.iterdir(), *(p for p in (data / "second").rglob("*") if p.name != "lock")]
        return {p: (p.stat().st_ino, p.stat().st_mtime_ns) for p in found if p.is_file()}

    before = others()
    with (data / "first" / ACTIVATIONS).open("a") as stream:
        stream.write(record("0", 0, [[1, 1.0]]) + "\n" + record("9", 1, [[1, 1.0]]) + "\n")
    settings = ["--set", "quarantine.max_share=1"]
    alone = run(data / "first", *settings, "build", *select)
    assert alone.exit_code == 0, alone.output
    # Until the collection is built it holds the former build, as a whole.
    noted = run(data, "query", "select count(*) as n from master.activation_examples")
    assert "built since the collection was published: first" in noted.stderr
    assert counts(data) == {"first": 18, "second": 18}
    (data / "collection.toml").write_text(
        'members = ["first", "second"]\nsettings.quarantine.max_share = 1.0\n'
    )
    assert "members with new rows: first;" in run(data, "build", *select).stdout
    assert counts(data) == {"first": 19, "second": 18}
    assert others() == before
    (data / "first" / "warehouse.toml").write_text("[matching]\ntreshold = 1\n")
    failed = run(data, "build", *select)
    assert failed.exit_code == 1
    assert '1 of 2 members failed: "first"' in failed.stderr
    assert counts(data) == {"first": 19, "second": 18}


def test_a_member_whose_directory_is_deleted_is_told_as_gone_and_not_as_one_with_new_rows(
    small: tuple[Path, list[str]],
) -> None:
    data, select = small
    with duckdb.connect(str(data / "warehouse.duckdb")) as connection:  # of an earlier version
        connection.execute("ALTER TABLE collection.builds DROP COLUMN gone")
    (data / "collection.toml").write_text('members = ["*"]')
    shutil.rmtree(data / "second")
    done = run(data, "build", *select)
    assert "members with new rows: none; members that are gone: second;" in done.stdout, done.output
    assert counts(data) == {"first": 18}
    lines = run(data, "history").stdout.splitlines()[1:4]
    assert [line.split()[3:] for line in lines if "second" in line] == [["second"], ["first,", "second"]]  # fmt: skip
    told, _ = json.JSONDecoder().raw_decode(run(data, "history", "--json").stdout)
    assert told["directory"] == str(data)
    found = [(build["changed"], build["gone"]) for build in told["builds"]]
    assert found == [([], ["second"]), (["first", "second"], [])]


def test_a_column_that_one_member_lacks_is_null_and_what_all_lack_is_said(
    small: tuple[Path, list[str]],
) -> None:
    data, select = small
    with duckdb.connect(str(data / "first" / "warehouse.duckdb")) as connection:  # another version
        connection.execute("ALTER TABLE analysis.scores_long ADD COLUMN later INTEGER DEFAULT 7")
    shutil.rmtree(data / ".members")
    done = run(data, "build", *select)
    assert 'member "first" has no file of master.activation_embeddings' in done.stderr
    sql = "select member, later, count(*) as n from analysis.scores_long group by all order by all"
    shown = run(data, "query", sql, "--format", "csv")
    assert shown.stdout == "member,later,n\nfirst,7,18\nsecond,,18\n", shown.output
    shown = run(data, "compare")
    assert shown.exit_code == 1
    assert "holds no comparison" in shown.stderr
    (data / "warehouse.duckdb").unlink()
    assert "does not exist" in run(data, "compare").stderr
