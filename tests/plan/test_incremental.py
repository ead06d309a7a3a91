"""Only what changed runs: each test changes one thing and asserts the nodes that ran."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from embed.jobs import JOBS
from embed.texts import TextJob
from tests.support.builds import open_project
from warehouse.database import run
from warehouse.models.library import load_all
from warehouse.models.model import Model, parse
from warehouse.plan.plan import RUN, SKIP
from warehouse.plan.state import read_state
from warehouse.run import relations
from warehouse.run.build import prepare
from warehouse.run.export import export_published


def without_audits(nodes: list[str]) -> set[str]:
    return {n for n in nodes if not n.startswith("audits.")}


def schemas(nodes: list[str]) -> set[str]:
    return {n.partition(".")[0] for n in nodes}


def score_file(data: Path) -> Path:
    return sorted((data / "raw/llama_e-llama_s/scores/fuzz").iterdir())[0]


def test_nothing_changed_and_nothing_runs(copy: Path, rebuild) -> None:
    report, ran = rebuild(copy)
    assert ran == []
    assert not report.published


def test_a_score_file_written_again_with_the_same_content_runs_nothing(copy: Path, rebuild) -> None:
    path = score_file(copy)
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(0, time.time_ns()))
    report, ran = rebuild(copy)
    assert ran == []
    assert not report.published


def test_a_score_file_formatted_anew_runs_only_the_reading_of_scores(copy: Path, rebuild) -> None:
    path = score_file(copy)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2))
    report, ran = rebuild(copy)
    reading = {"score_records", "judged_windows", "judged_tokens", "score_items"}
    assert set(ran) == {f"staging.{name}" for name in reading}
    assert report.exports == []


def test_one_changed_score_runs_scores_and_their_readers_and_no_activations(
    copy: Path, rebuild
) -> None:
    path = score_file(copy)
    examples = json.loads(path.read_text())
    for example in examples:
        if example["correct"] is True:
            example["correct"] = False
            break
    path.write_text(json.dumps(examples))
    report, ran = rebuild(copy)
    assert "analysis.scores" in ran
    assert "master.features" in ran
    assert not {"staging.activation_records", "analysis.samples", "vectors.windows"} & set(ran)
    assert {e.name for e in report.exports} == {"features", "explanation_barycentric"}


def test_the_matching_threshold_runs_matching_only(copy: Path, rebuild) -> None:
    report, ran = rebuild(copy, "matching.threshold=0.2")
    views = {
        f"analysis.{n}"
        for n in ("matches_long", "mismatches_long", "figures_long", "feature_groups")
    }
    assert without_audits(ran) - views == {
        "analysis.phrase_results",
        "master.ex_act_pattern_matching",
        "analysis.feature_overview",
    }
    assert [e.name for e in report.exports] == ["ex_act_pattern_matching"]


def test_a_threshold_that_changes_no_result_stops_at_its_model(copy: Path, rebuild) -> None:
    report, ran = rebuild(copy, "patterns.lexical_threshold=0.300001")
    assert without_audits(ran) == {"analysis.pattern_types"}
    assert report.exports == []


def test_one_features_new_activations_embed_only_its_new_windows(copy: Path, rebuild) -> None:
    path = copy / "raw/activation_examples/activations.jsonl"
    lines = path.read_text().splitlines()
    place, record = next(
        (i, r) for i, r in enumerate(map(json.loads, lines)) if len(r["sparseValues"]) > 1
    )
    # The maximum moves to another token of the same prompt: one window of one feature is new.
    target = record["sparseValues"][-1][0]
    new = (target + 60) % 127
    record["sparseValues"] = [p for p in record["sparseValues"] if p[0] != new] + [[new, 999.0]]
    lines[place] = json.dumps(record)
    path.write_text("\n".join(lines) + "\n")
    report, ran = rebuild(copy)
    assert "analysis.samples" in ran
    assert 1 <= report.embedded["vectors.windows"] <= 2
    assert "staging.score_records" not in ran


def test_one_changed_explanation_embeds_its_text_and_its_new_phrases(copy: Path, rebuild) -> None:
    path = sorted((copy / "raw/llama_e-llama_s/explanations").iterdir())[0]
    path.write_text(json.dumps("an unheard-of thing, quite another matter"))
    report, ran = rebuild(copy)
    assert report.embedded["vectors.explanations"] == 1
    assert report.embedded["vectors.phrases"] == 2
    assert not {"staging.activation_records", "staging.score_records", "analysis.samples"} & set(
        ran
    )


def test_a_comment_or_blank_space_in_a_model_changes_nothing(copy: Path) -> None:
    prepared = prepare(open_project(copy))
    for model in (m for m in prepared.project.models.values() if m.path.is_file()):
        text = model.path.read_text() + "\n-- a comment\n\n   "
        again = parse(model.name, model.path, text)
        assert again.fingerprint == model.fingerprint


def test_a_changed_macro_runs_the_models_that_use_it(copy: Path, monkeypatch) -> None:
    known = dict(load_all())
    macro = known["macros.jaccard"]
    known["macros.jaccard"] = parse(
        macro.name, macro.path, macro.path.read_text().replace("1::DOUBLE", "1.0::DOUBLE")
    )
    monkeypatch.setattr("warehouse.plan.project.load_all", lambda: known)
    steps = prepare(open_project(copy)).plan.steps
    assert {s.node for s in steps if s.action == "run"} == {
        "analysis.ngram_jaccard",
        "analysis.neighbour_ngrams",
    }


def test_vectors_of_another_precision_stand_beside_and_come_back(copy: Path, rebuild) -> None:
    first, _ = rebuild(copy, "embedding.normalize=true", selectors=["+vectors.explanations"])
    assert first.embedded["vectors.explanations"] > 0
    assert len(list((copy / "vectors").iterdir())) == 2
    back, ran = rebuild(copy)
    assert back.embedded.get("vectors.explanations", 0) == 0
    assert "vectors.explanations" in ran


def test_empty_null_and_list_of_null_are_different_contents() -> None:
    import duckdb

    with duckdb.connect() as connection:
        found = set()
        for value in ("[]", "NULL", "[NULL]", "[1]"):
            for column, type_ in (("a", "INTEGER[]"), ("b", "STRUCT(x INTEGER[])")):
                row = ", ".join(relations.hashable(column, type_))
                cast = f"{value}::INTEGER[]" if column == "a" else f"{{'x': {value}::INTEGER[]}}"
                found.add(
                    connection.execute(
                        f"SELECT hash({row}) FROM (SELECT {cast} AS {column})"
                    ).fetchall()[0]
                )
        assert len(found) == 8


def test_the_plan_says_why_in_words(copy: Path) -> None:
    path = score_file(copy)
    path.write_text(path.read_text() + " ")
    steps = {s.node: s for s in prepare(open_project(copy, ["matching.threshold=0.2"])).plan.steps}
    assert steps["staging.score_records"].reason == (
        "1 file changed in raw/llama_e-llama_s/scores/fuzz"
    )
    assert steps["analysis.phrase_results"].reason == ("settings.matching.threshold 0.45 → 0.2")
    assert steps["analysis.scores"].action == "check"
    # Score files may tell what a token is, where there is no tokenizer: samples may follow.
    assert steps["analysis.samples"].action == "check"
    assert steps["staging.explanation_records"].action == "skip"


def test_files_that_two_inputs_read_are_told_once(copy: Path) -> None:
    shutil.rmtree(copy / "raw/llama_e-llama_s/scores/fuzz")
    reasons = [s.reason for s in prepare(open_project(copy)).plan.steps if s.action == RUN]
    assert len(reasons) > 1
    assert len(set(reasons)) == 1
    assert re.fullmatch(r"\d+ files gone in raw/llama_e-llama_s/scores/fuzz", reasons[0])


def test_a_deleted_export_is_written_again_and_nothing_else(copy: Path, rebuild) -> None:
    (copy / "master/features.parquet").unlink()
    report, ran = rebuild(copy)
    assert ran == []
    assert [e.name for e in report.exports] == ["features"]


def test_a_build_of_a_moved_data_directory_writes_its_place_down_and_runs_nothing_else(
    copy: Path, tmp_path: Path, rebuild
) -> None:
    moved = copy.rename(tmp_path / "moved to; a 'new' place [1]*")
    views = {f"vectors.{job.purpose}" for job in JOBS if isinstance(job, TextJob)}
    steps = {s.node: s.reason for s in prepare(open_project(moved)).plan.steps if s.action != SKIP}
    assert steps == dict.fromkeys(views, "the data directory was moved")
    report, ran = rebuild(moved)
    assert sum(report.embedded.values()) == 0
    assert set(ran) == views
    with duckdb.connect(str(moved / "warehouse.duckdb"), read_only=True) as shell:
        sql = "SELECT count(*) FROM master.activation_embeddings WHERE embeddings[1] IS NOT NULL"
        assert run(shell, sql)[0][0] > 0
    assert rebuild(moved)[1] == []


def test_a_directory_that_was_moved_without_its_vectors_embeds_them_again_and_all_rest_stands(
    copy: Path, tmp_path: Path, rebuild
) -> None:
    moved = copy.rename(tmp_path / "moved")
    shutil.rmtree(moved / "vectors")
    report, ran = rebuild(moved)
    assert sum(report.embedded.values()) > 0
    assert schemas(ran) == {"vectors"}


def test_a_build_of_a_part_leaves_the_rest_of_a_moved_directory_for_the_next(
    copy: Path, tmp_path: Path, rebuild
) -> None:
    moved = copy.rename(tmp_path / "moved")
    assert rebuild(moved, selectors=["vectors.windows"])[1] == ["vectors.windows"]
    ran = rebuild(moved)[1]
    assert "vectors.windows" not in ran
    assert "vectors.phrases" in ran


@pytest.mark.parametrize("changed", ["scores", "nothing"])
def test_an_incremental_build_equals_a_clean_one(copy: Path, rebuild, changed: str) -> None:
    if changed == "scores":
        path = score_file(copy)
        examples = json.loads(path.read_text())
        path.write_text(json.dumps(examples[:-10]))
        rebuild(copy)
    tables = {p.name: pq.read_table(p) for p in (copy / "master").glob("*.parquet")}
    (copy / "warehouse.duckdb").unlink()
    rebuild(copy)
    for name, table in tables.items():
        assert pq.read_table(copy / "master" / name).equals(table), name


def test_a_model_made_in_parts_is_the_one_made_at_once(
    copy: Path, rebuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_in_parts = [m.name for m in load_all().values() if m.batch_by]
    before = {n: read_state(copy / "warehouse.duckdb").nodes[n] for n in made_in_parts}
    monkeypatch.setattr(Model, "batch_size", property(lambda _: 7, lambda *_: None))
    rebuild(copy, full=True, exports=False)
    after = read_state(copy / "warehouse.duckdb").nodes
    assert made_in_parts
    assert {n: (s.result, s.rows) for n, s in before.items()} == {
        n: (after[n].result, after[n].rows) for n in made_in_parts
    }


def test_a_view_whose_tables_were_selected_alone_is_exported_as_it_is_now(
    copy: Path, rebuild
) -> None:
    path = copy / "raw/activation_examples/activations.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[1:]) + "\n")
    rebuild(copy, selectors=["+master.features"], exports=False)
    written = {e.name: e.rows for e in export_published(open_project(copy))}
    assert written["activation_examples"] == len(lines) - 1
