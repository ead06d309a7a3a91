"""Calibration: nulls that match what a threshold cuts, planted types found again, settings written."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner

from cli import main
from tests.support.builds import build
from warehouse import settings_file
from warehouse.database import run
from warehouse.look.calibration import RATES, THRESHOLDS, calibrate, make_tables
from warehouse.settings_file import FILE_NAME, load

FEW = ("calibration.samples=200",)


@pytest.fixture(scope="module")
def opened(sample: Path, tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published sample with the calibration's tables; another file than `calibrate` opens."""
    file = shutil.copy(sample / "warehouse.duckdb", tmp_path_factory.mktemp("calibration"))
    with duckdb.connect(str(file), read_only=True) as connection:
        make_tables(connection, load(sample, FEW))
        yield connection


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def planted(truth: dict) -> dict[int, str]:
    return {f["feature_id"]: f["pattern_type"] for f in truth["features"] if f["clear"]}


def test_a_made_up_feature_has_a_real_ones_number_of_examples_each_of_another_feature(opened):
    rows = run(opened, "SELECT made_up_id, list(feature_id), list((feature_id, prompt_id)) FROM calibration.made_up_features GROUP BY ALL")  # fmt: skip
    real = {row[0] for row in run(opened, "SELECT count(*) FROM analysis.samples GROUP BY feature_id")}  # fmt: skip
    assert len(rows) == 200
    for _, features, _ in rows:
        assert len(set(features)) == len(features)
        assert len(features) in real
    sampled = set(run(opened, "SELECT feature_id, prompt_id FROM analysis.samples"))
    assert {tuple(w) for *_, windows in rows for w in windows} <= sampled


def test_the_semantic_null_is_the_mean_similarity_of_a_made_up_features_windows(opened):
    rows = run(opened, """SELECT f.made_up_id, any_value(s.mean_similarity), list(e.embedding ORDER BY f.slot)
        FROM calibration.made_up_features f JOIN calibration.made_up_similarity s USING (made_up_id)
        JOIN analysis.embeddings_long e ON e.feature_id = f.feature_id AND e.prompt_id = f.prompt_id
        WHERE f.made_up_id < 40 GROUP BY f.made_up_id""")  # fmt: skip
    assert len(rows) == 40
    for _, value, vectors in rows:
        pairs = itertools.combinations(np.asarray(vectors, np.float32), 2)
        assert value == pytest.approx(np.mean([cosine(a, b) for a, b in pairs]), abs=1e-5)


def test_the_lexical_null_is_the_largest_mean_jaccard_of_a_made_up_features_windows(opened):
    rows = run(opened, """SELECT f.made_up_id, any_value(j.max_jaccard), list(array_to_string(w.tokens, '') ORDER BY f.slot)
        FROM calibration.made_up_features f JOIN calibration.made_up_jaccard j USING (made_up_id)
        JOIN analysis.ngram_windows w ON w.feature_id = f.feature_id AND w.prompt_id = f.prompt_id
        WHERE f.made_up_id < 40 GROUP BY f.made_up_id""")  # fmt: skip
    assert len(rows) == 40
    for _, value, texts in rows:
        means = []
        for n in (2, 3, 4):
            grams = [{t[i : i + n] for i in range(len(t) - n + 1)} for t in texts]
            means.append(np.mean([len(a & b) / len(a | b) if a | b else 1 for a, b in itertools.combinations(grams, 2)]))  # fmt: skip
        assert value == pytest.approx(max(means), abs=1e-5)


def test_shuffled_phrases_are_of_different_features_and_compared_as_alignment_does(opened):
    assert run(opened, "SELECT count(*) FROM calibration.shuffled_phrases WHERE feature_id = other_id") == [(0,)]  # fmt: skip
    # The similarity of each pair is that of two phrases of different explainers of the two features.
    rows = run(opened, """SELECT s.similarity, list(list_cosine_similarity(a.vector, b.vector))
        FROM (FROM calibration.shuffled_phrases LIMIT 30) s
        JOIN (SELECT p.*, v.vector FROM analysis.phrases p JOIN vectors.phrases v USING (text_key)) a ON a.feature_id = s.feature_id
        JOIN (SELECT p.*, v.vector FROM analysis.phrases p JOIN vectors.phrases v USING (text_key)) b
            ON b.feature_id = s.other_id AND b.explainer_order > a.explainer_order
        GROUP BY s.rowid, s.similarity""".replace("(FROM calibration", "(SELECT rowid, * FROM calibration"))  # fmt: skip
    assert len(rows) == 30
    for similarity, possible in rows:
        assert min(abs(similarity - p) for p in possible) < 1e-5


def test_the_matching_null_compares_a_phrase_with_another_features_mean_context(opened):
    rows = run(opened, "SELECT method, feature_id, other_id, similarity FROM calibration.shuffled_contexts ORDER BY ALL LIMIT 60")  # fmt: skip
    assert {"lexical", "semantic"} >= {row[0] for row in rows}
    for method, feature, other, similarity in rows:
        assert feature != other
        texts = "ngram_contexts" if method == "lexical" else "semantic_contexts"
        contexts = run(opened, f"SELECT v.vector FROM texts.{texts} t JOIN vectors.{texts} v USING (model, text_key) WHERE t.feature_id = {feature}")  # fmt: skip
        mean = np.mean([c for (c,) in contexts], axis=0)
        phrases = run(opened, f"SELECT v.vector FROM analysis.candidate_phrases c JOIN vectors.phrases v USING (model, text_key) WHERE c.feature_id = {other}")  # fmt: skip
        assert min(abs(similarity - cosine(mean, np.asarray(p))) for (p,) in phrases) < 1e-5


def test_a_calibrated_threshold_is_the_smallest_that_keeps_its_rate(opened):
    for name, choice, value, share in run(opened, "SELECT threshold, choice, value, null_share FROM calibration.thresholds WHERE choice <> 'now'"):  # fmt: skip
        null = np.array(run(opened, "SELECT value FROM calibration.statistics WHERE is_null AND threshold = ?", [name]))  # fmt: skip
        passing = np.greater if name.startswith("patterns") else np.greater_equal
        rate = {told: float(rate) for rate, told in RATES.items()}[choice]
        assert share == pytest.approx(passing(null, np.float32(value)).mean())
        assert share <= rate < np.greater_equal(null, np.float32(value - 0.001)).mean()


def test_the_same_seed_gives_the_same_figures_and_another_seed_others(sample: Path):
    first = calibrate(load(sample, FEW))
    assert calibrate(load(sample, FEW)) == first
    assert calibrate(load(sample, (*FEW, "calibration.seed=1"))).nulls != first.nulls


def test_calibrated_thresholds_are_written_and_find_the_planted_types_again(
    copy: Path, truth: dict
) -> None:
    before = (copy / FILE_NAME).read_text()
    result = CliRunner().invoke(main, ["--data", str(copy), "calibrate", "--json", "--write"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    settings = load(copy)
    for name in THRESHOLDS:
        assert settings[name] == told["thresholds"][name]["choices"]["1 %"]["value"]
    after = (copy / FILE_NAME).read_text()
    changed = [(a, b) for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b]  # fmt: skip
    assert len(changed) == len(THRESHOLDS)
    assert all(a.partition("#")[2] == b.partition("#")[2] for a, b in changed)

    build(settings)
    with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
        types = dict(run(connection, "SELECT feature_id, pattern_type FROM master.ex_act_pattern_matching"))  # fmt: skip
    from sklearn.metrics import f1_score

    clear = {feature: kind for feature, kind in planted(truth).items() if feature in types}
    kinds = sorted(set(clear.values()))
    assert kinds == ["both", "lexical", "none", "semantic"]
    scores = f1_score(list(clear.values()), [types[f] for f in clear], labels=kinds, average=None)
    assert min(scores) >= 0.95
    changed_types = {f"{r['type_now']} {r['pattern_type']}": r["features"] for r in told["pattern_types"] if r["choice"] == "1 %"}  # fmt: skip
    assert sum(changed_types.values()) == len(types)
    assert sum(n for pair, n in changed_types.items() if pair.endswith(" both")) == sum(t == "both" for t in types.values())  # fmt: skip


def test_the_table_names_every_threshold_and_what_would_move(sample: Path):
    arguments = ["--data", str(sample), "--set", "calibration.samples=200", "calibrate"]
    out = CliRunner().invoke(main, arguments).stdout
    for name in THRESHOLDS:
        assert name in out
    assert "at 1 %: " in out


def test_only_writes_the_named_threshold_and_refuses_another_name(copy: Path):
    arguments = ["--data", str(copy), "--set", "calibration.samples=200", "calibrate", "--write"]
    CliRunner().invoke(main, [*arguments, "--rate", "0.05", "--only", "matching.threshold"])
    settings = load(copy)
    assert settings["matching.threshold"] != 0.45
    assert settings["alignment.threshold"] == 0.7
    refused = CliRunner().invoke(main, [*arguments, "--only", "matching.treshold"])
    assert refused.exit_code == 2
    assert 'did you mean "matching.threshold"?' in refused.stderr


def test_a_threshold_without_anything_to_shuffle_is_told_and_never_written(copy: Path):
    with duckdb.connect(str(copy / "warehouse.duckdb")) as connection:
        run(connection, "DELETE FROM analysis.phrase_matching")
    arguments = ["--data", str(copy), "--set", "calibration.samples=200", "calibrate", "--write"]
    result = CliRunner().invoke(main, arguments)
    assert "nothing to shuffle for matching.threshold" in result.stdout
    assert load(copy)["matching.threshold"] == 0.45
    assert load(copy)["alignment.threshold"] != 0.7
    refused = CliRunner().invoke(main, [*arguments, "--only", "matching.threshold"])
    assert refused.exit_code == 2
    assert 'error: --only "matching.threshold": there is nothing to shuffle' in refused.stderr


def test_without_a_warehouse_it_says_what_to_run(tmp_path: Path):
    result = CliRunner().invoke(main, ["--data", str(tmp_path), "calibrate"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == "hint: python cli.py build"


# -------------------------------------------------------------------------------- settings file

NEW = {"matching.threshold": 0.5}
EDITS = [
    ("below its commented default", "[matching]\n# threshold = 0.6  # smallest\n", "[matching]\n# threshold = 0.6  # smallest\nthreshold = 0.5\n"),
    ("where it stands", "[alignment]\nthreshold = 0.7\n\n[matching]\nthreshold=0.6 # mine\n", "[alignment]\nthreshold = 0.7\n\n[matching]\nthreshold=0.5 # mine\n"),
    ("where it stands, not in a comment", "[matching]\n# threshold = 0.6\nthreshold = 0.4\n", "[matching]\n# threshold = 0.6\nthreshold = 0.5\n"),
    ("a dotted key", "matching.threshold = 0.6\n", "matching.threshold = 0.5\n"),
    ("an escaped key", '"match\\u0069ng".threshold = 0.6\n', '"match\\u0069ng".threshold = 0.5\n'),
    ("an inline table", "matching = { contexts = 3, threshold = 0.6 }\n", "matching = { contexts = 3, threshold = 0.5 }\n"),
    ("a quoted key", "[matching]\n'threshold' = 0.6\n", "[matching]\n'threshold' = 0.5\n"),
    ("a section without it", "[matching]\ncontexts = 3\n", "[matching]\ncontexts = 3\nthreshold = 0.5\n"),
    ("no section", "threads = 2\n", "threads = 2\n\n[matching]\nthreshold = 0.5\n"),
    ("other line ends", "[matching]\r\nthreshold = 0.6\r\n", "[matching]\r\nthreshold = 0.5\r\n"),
    ("a byte order mark", "\ufeff[matching]\nthreshold = 0.6\n", "\ufeff[matching]\nthreshold = 0.5\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), [e[1:] for e in EDITS], ids=[e[0] for e in EDITS])
def test_a_number_is_written_where_it_belongs_and_nothing_else_moves(before: str, after: str):
    assert settings_file.edited(before, NEW) == after


def test_every_threshold_goes_into_the_commented_file(tmp_path: Path):
    chosen = dict.fromkeys(THRESHOLDS, 0.123)
    for _ in range(2):  # a new file, then its own
        assert settings_file.write_numbers(tmp_path, chosen) == (tmp_path / FILE_NAME).resolve()
    assert {name: load(tmp_path)[name] for name in THRESHOLDS} == chosen
    assert [p.name for p in tmp_path.iterdir()] == [FILE_NAME]
